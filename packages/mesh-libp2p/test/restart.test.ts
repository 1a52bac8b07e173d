import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { TOPICS } from '@rollcall/core'
import { BROADCAST_GRACE_MS } from '../src/settings.ts'
import { Child } from './child.ts'
import { FreezingProxy } from './freezing-proxy.ts'
import { LOOPBACK, Nodes, seed, type TestNode, until } from './support.ts'

const [TRANSITIONS] = TOPICS

/** Without `/p2p/<id>`, as operators write it. */
const bare = (address: string | undefined): string => (address ?? assert.fail('it listens')).replace(/\/p2p\/.*$/, '')

const portOf = (address: string): number => Number(/tcp\/(\d+)/.exec(address)?.[1])

describe('a peer that dies and comes back (G5)', () => {
  const nodes = new Nodes()
  const children: Child[] = []
  const proxies: FreezingProxy[] = []
  afterEach(async () => {
    await nodes.stopAll()
    await Promise.all(children.splice(0).map((child) => child.kill()))
    await Promise.all(proxies.splice(0).map((proxy) => proxy.close()))
  })

  const spawn = async (settings: { seed: number; listen: string[]; join: string[] }): Promise<Child> => {
    const child = new Child(settings)
    children.push(child)
    await until('the child listens', () => child.address !== undefined)
    return child
  }

  const gossipFlows = async (node: TestNode, child: Child, word: string): Promise<void> => {
    node.publish(TRANSITIONS, `to child ${word}`)
    child.send(`from child ${word}`)
    await until(
      `gossip flows both ways ${word}`,
      () => child.has('message', `to child ${word}`) && node.has(`from child ${word}`),
    )
  }

  it('is found though it was not up at the start and only its address is known; killed -9 it is found again', async () => {
    const first = await spawn({ seed: 101, listen: [LOOPBACK], join: [] })
    const address = bare(first.address)
    await first.kill()
    const node = await nodes.start({ privateKeySeed: seed(100), join: [address] })

    for (const life of ['late', 'again']) {
      const child = await spawn({ seed: 101, listen: [address], join: [] })
      const upAtMs = performance.now()
      await until(`connected ${life}`, () => node.connected.size === 1)
      const afterMs = performance.now() - upAtMs
      assert.ok(afterMs < 10_000, `${afterMs} ms`)
      await until('the child knows, too', () => child.has('connected', node.mesh.nodeId))
      await gossipFlows(node, child, life)
      await child.kill()
      await until('its death is noticed', () => node.connected.size === 0)
    }
    assert.equal(new Set(node.connections).size, 1, 'it kept its id')
  })

  it('comes back over its old connection that still looks alive: gossip flows both ways again', async () => {
    const node = await nodes.start({ privateKeySeed: seed(110) })
    const address = bare(node.mesh.addresses()[0])
    const proxy = await FreezingProxy.to(portOf(address))
    proxies.push(proxy)
    const join = [`/ip4/127.0.0.1/tcp/${proxy.port}/ws`]

    const before = await nodes.start({ privateKeySeed: seed(111), join })
    await until('connected', () => node.connected.size === 1 && before.connected.size === 1)
    proxy.freeze()
    await before.mesh.stop()
    const after = await nodes.start({ privateKeySeed: seed(111), join })
    // Quicker than the watch over broadcast would be, which has its own test and mends this, too.
    await until('the new one is connected', () => after.connected.size === 1, BROADCAST_GRACE_MS - 1_000)
    assert.equal(after.mesh.nodeId, before.mesh.nodeId)
    await eachHears(node, after)
  })

  for (const [dialler, dialled] of [
    [120, 121],
    [121, 120],
  ] as const) {
    it(`the same where we had dialled it and it now dials us (${dialler} had dialled ${dialled})`, async () => {
      const before = await nodes.start({ privateKeySeed: seed(dialled) })
      const proxy = await FreezingProxy.to(portOf(bare(before.mesh.addresses()[0])))
      proxies.push(proxy)
      const join = [`/ip4/127.0.0.1/tcp/${proxy.port}/ws`]
      const node = await nodes.start({ privateKeySeed: seed(dialler), join })
      await until('connected', () => node.connected.size === 1 && before.connected.size === 1)
      proxy.freeze()
      await before.mesh.stop()
      const after = await nodes.start({ privateKeySeed: seed(dialled), join: [bare(node.mesh.addresses()[0])] })
      await until('the new one is connected', () => after.connected.size === 1)
      await eachHears(node, after)
    })
  }

  /** Publishes on both sides until both have heard: what went before the old connection was given up is lost. */
  const eachHears = async (a: TestNode, b: TestNode): Promise<void> => {
    let round = 0
    await until('each hears the other', () => {
      a.publish(TRANSITIONS, `a ${round}`)
      b.publish(TRANSITIONS, `b ${round++}`)
      return [a, b].every(({ received }, i) => received.some(({ text }) => text.startsWith(i === 0 ? 'b' : 'a')))
    })
  }

  it('stopped, it exits by itself, even if a peer is frozen, and has printed nothing but its own lines', async () => {
    const node = await nodes.start({ privateKeySeed: seed(130) })
    const proxy = await FreezingProxy.to(portOf(bare(node.mesh.addresses()[0])))
    proxies.push(proxy)
    const join = [`/ip4/127.0.0.1/tcp/${proxy.port}/ws`, '/ip4/127.0.0.1/tcp/1/ws']
    const child = new Child({ seed: 131, listen: [LOOPBACK], join }, { DEBUG: 'libp2p*,*libp2p*' })
    children.push(child)
    await until('connected', () => node.connected.size === 1 && child.has('connected'))
    await gossipFlows(node, child, 'once')
    proxy.freeze()
    child.send('stop')
    await until('it exits', () => child.exitCode !== null, 5_000)
    assert.equal(child.exitCode, 0)
    assert.equal(child.stderr, '')
    const known = new Set(['listening', 'connected', 'message', 'disconnected', 'stopped'])
    assert.ok(child.events.every(({ event }) => known.has(event)))
  })
})

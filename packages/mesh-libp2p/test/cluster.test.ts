import assert from 'node:assert/strict'
import { once } from 'node:events'
import { afterEach, describe, it } from 'node:test'
import { MeshError, TOPICS } from '@rollcall/core'
import { WebSocket } from 'ws'
import { FreezingProxy } from './freezing-proxy.ts'
import { LOOPBACK, makeNode, Nodes, seed, until } from './support.ts'

const [TRANSITIONS] = TOPICS
const ENTITY = '/rollcall/entity/1'
const bare = (address: string | undefined): string => (address ?? assert.fail('it listens')).replace(/\/p2p\/.*$/, '')

const nodes = new Nodes()
afterEach(() => nodes.stopAll())

describe('who a node is', () => {
  it('follows from the seed: the vector of libp2p for 00, 01, … 1f', async () => {
    const node = await makeNode({ privateKeySeed: Uint8Array.from({ length: 32 }, (_, i) => i) })
    assert.equal(node.mesh.nodeId, '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB')
    await node.mesh.stop()
  })

  it('is announced in place of what it listens on, where that is configured', async () => {
    const node = await nodes.start({ privateKeySeed: seed(1), announce: ['/dns4/node-a/tcp/9001/ws'] })
    assert.deepEqual(node.mesh.addresses(), [`/dns4/node-a/tcp/9001/ws/p2p/${node.mesh.nodeId}`])
  })
})

describe('settings that cannot be', () => {
  const wrong = [
    ['seed', { privateKeySeed: new Uint8Array(31) }, /32 bytes/],
    ['join', { join: ['node-a:9001'] }, /mesh join: node-a:9001/],
    ['listen', { listen: ['/ip4/0.0.0.0/tcp/9001'] }, /mesh listen/],
    ['announce', { announce: ['/dns4/node-a'] }, /mesh announce/],
    ['allowPeers', { allowPeers: ['somebody'] }, /somebody is no node id/],
    ['psk', { psk: new TextEncoder().encode('hunter2') }, /pre-shared key/],
    ['limits', { limits: { messageBytesMax: 0 } }, /messageBytesMax/],
    ['a message limit that peers would reject', { limits: { messageBytesMax: 1 << 20 } }, /every peer would reject/],
  ] as const
  for (const [name, init, sentence] of wrong) {
    it(`are refused with a sentence: ${name}`, async () => {
      await assert.rejects(makeNode({ privateKeySeed: seed(1), ...init }), sentence)
    })
  }

  it('a port that is taken fails the start, and names the address', async () => {
    const node = await nodes.start({ privateKeySeed: seed(1) })
    const taken = await makeNode({ privateKeySeed: seed(2), listen: [bare(node.mesh.addresses()[0])] })
    await assert.rejects(taken.mesh.start(taken.handlers), /EADDRINUSE/)
    await taken.mesh.stop()
  })
})

describe('who connects to whom (G5)', () => {
  it('an address without an id is enough, on both sides at once, and one connection remains', async () => {
    const [a, b] = await Promise.all([makeNode({ privateKeySeed: seed(1) }), makeNode({ privateKeySeed: seed(2) })])
    await Promise.all([a, b].map((node) => node.mesh.start(node.handlers)))
    const addresses = [a, b].map((node) => bare(node.mesh.addresses()[0]))
    await Promise.all([a, b].map((node) => node.mesh.stop()))
    const [first, second] = await Promise.all([1, 2].map((n, i) => startAt(n, addresses[i], addresses[1 - i])))
    assert.ok(first && second)
    await until('both are told', () => first.connected.size === 1 && second.connected.size === 1)
    first.publish(TRANSITIONS, 'x')
    second.publish(TRANSITIONS, 'y')
    await until('both hear', () => first.has('y') && second.has('x'))
  })

  it('an address that is the node itself is left out quietly, however it is written', async () => {
    const probe = await nodes.start({ privateKeySeed: seed(3) })
    const port = /tcp\/(\d+)/.exec(bare(probe.mesh.addresses()[0]))?.[1]
    await nodes.stopAll()
    const own = `/ip4/127.0.0.1/tcp/${port}/ws`
    const other = await nodes.start({ privateKeySeed: seed(4) })
    const node = await nodes.start({
      privateKeySeed: seed(3),
      listen: [own],
      join: [own, `${own}/p2p/${probe.mesh.nodeId}`, `/dns4/localhost/tcp/${port}/ws`, bare(other.mesh.addresses()[0])],
    })
    await until('the other one is connected', () => node.connected.size === 1)
    assert.deepEqual(node.mesh.connectedPeers(), [other.mesh.nodeId])
  })

  it('an id that is not the one expected at an address is no connection', async () => {
    const node = await nodes.start({ privateKeySeed: seed(5) })
    const stranger = await makeNode({ privateKeySeed: seed(6) })
    const dialler = await nodes.start({
      privateKeySeed: seed(7),
      join: [`${bare(node.mesh.addresses()[0])}/p2p/${stranger.mesh.nodeId}`],
    })
    const honest = await nodes.start({ privateKeySeed: seed(8), join: [bare(node.mesh.addresses()[0])] })
    await until('another one connects', () => honest.connected.size === 1)
    assert.deepEqual(dialler.mesh.connectedPeers(), [])
    assert.deepEqual(node.mesh.connectedPeers(), [honest.mesh.nodeId])
  })

  it('the allow-list refuses a stranger, both as caller and as called, and lets its own in', async () => {
    const friend = await makeNode({ privateKeySeed: seed(11) })
    const node = await nodes.start({ privateKeySeed: seed(10), allowPeers: [friend.mesh.nodeId] })
    const stranger = await nodes.start({ privateKeySeed: seed(12), join: [bare(node.mesh.addresses()[0])] })
    node.mesh.learn(stranger.mesh.nodeId, stranger.mesh.addresses())
    const caller = await nodes.start({
      privateKeySeed: seed(13),
      allowPeers: [friend.mesh.nodeId],
      join: [bare(stranger.mesh.addresses()[0])],
    })
    const guest = await nodes.start({ privateKeySeed: seed(11), join: [bare(node.mesh.addresses()[0])] })
    await until('the friend is connected', () => guest.connected.size === 1 && node.connected.size === 1)
    assert.deepEqual(node.mesh.connectedPeers(), [guest.mesh.nodeId])
    assert.deepEqual([...stranger.connections, ...caller.connections], [])
    await friend.mesh.stop()
  })

  it('thirteen nodes behind one address all hear each other', async () => {
    const hub = await nodes.start({ privateKeySeed: seed(20) })
    const join = [bare(hub.mesh.addresses()[0])]
    const leaves = await Promise.all(
      Array.from({ length: 12 }, (_, i) => nodes.start({ privateKeySeed: seed(21 + i), join })),
    )
    const all = [hub, ...leaves]
    await until('all are connected', () => hub.connected.size === 12)
    let round = 0
    await until('everybody has heard everybody', () => {
      if (round++ % 50 === 0)
        for (const [i, node] of all.entries()) node.publish(TRANSITIONS, `from ${i} round ${round}`)
      return all.every((node) => heardFrom(node.received).size === 12)
    })
  })
})

const startAt = (n: number, listen: string | undefined, join: string | undefined) =>
  nodes.start({ privateKeySeed: seed(n), listen: [bare(listen)], join: [bare(join)] })

const heardFrom = (received: readonly { readonly text: string }[]): Set<string | undefined> =>
  new Set(received.map(({ text }) => /from (\d+)/.exec(text)?.[1]))

describe('who pays (G3)', () => {
  const pair = async () => {
    const judge = await nodes.start({ privateKeySeed: seed(40) })
    const sender = await nodes.start({ privateKeySeed: seed(41), join: [bare(judge.mesh.addresses()[0])] })
    await until('connected', () => judge.connected.size === 1 && sender.connected.size === 1)
    return { judge, sender }
  }
  const judged = async (verdict: 'ignore' | 'reject', count: number) => {
    const { judge, sender } = await pair()
    judge.judge = (text) => (text.startsWith('bad') ? verdict : 'accept')
    for (let i = 0; i < count; i++) sender.publish(TRANSITIONS, `bad ${i}`)
    await until('all are judged', () => judge.received.length === count)
    return { judge, sender }
  }

  it('whoever sends provably bad messages is soon not heard any more, but still answered', async () => {
    const { judge, sender } = await judged('reject', 6)
    let sent = 0
    const heard = () => judge.received.filter(({ text }) => text.startsWith('good')).length
    // Scores are kept for a second, so the first few may still pass.
    await until('it is not heard', () => {
      sender.publish(TRANSITIONS, `good ${sent++}`)
      return sent - heard() > 20
    })
    const options = { timeoutMs: 5_000, maxResponseBytes: 10 }
    assert.equal((await sender.mesh.request(judge.mesh.nodeId, ENTITY, Uint8Array.of(1), options)).byteLength, 1)
  })

  for (const [verdict, count, title] of [
    ['ignore', 100, 'ignored messages cost nothing'],
    ['reject', 1, 'one mistake is forgiven'],
  ] as const) {
    it(title, async () => {
      const { judge, sender } = await judged(verdict, count)
      let sent = 0
      const startMs = performance.now()
      await until('good ones are heard when the score has been looked at again', () => {
        if (sent % 10 === 0) sender.publish(TRANSITIONS, `good ${sent}`)
        sent++
        return performance.now() - startMs > 1_200 && judge.received.at(-1)?.text === `good ${sent - (sent % 10 || 10)}`
      })
    })
  }
})

describe('requests over libp2p', () => {
  it('carry sixteen mebibytes, and many large bodies at once, none cut short', async () => {
    const server = await nodes.start({ privateKeySeed: seed(50), limits: { inboundRequestsPerPeerMax: 2 } })
    const client = await nodes.start({ privateKeySeed: seed(51), join: [bare(server.mesh.addresses()[0])] })
    await until('connected', () => client.connected.size === 1)
    const ask = (body: Uint8Array) =>
      client.mesh.request(server.mesh.nodeId, ENTITY, body, { timeoutMs: 30_000, maxResponseBytes: 16 << 20 })
    const whole = new Uint8Array(16 << 20).map((_, i) => i ^ (i >> 9))
    assert.equal(Buffer.compare(await ask(whole), whole), 0)

    const bodies = Array.from({ length: 12 }, (_, i) => new Uint8Array(1 << 20).fill(i + 1))
    const answers = await Promise.all(bodies.map(ask))
    for (const [i, answer] of answers.entries()) assert.equal(Buffer.compare(answer, bodies[i] ?? answer), 0, `${i}`)
  })

  it('are turned away and counted where too many wait', async () => {
    const limits = { inboundRequestsMax: 1, inboundRequestsPerPeerMax: 1, inboundWaitingMax: 1 }
    const server = await nodes.start({ privateKeySeed: seed(52), limits })
    const client = await nodes.start({ privateKeySeed: seed(53), join: [bare(server.mesh.addresses()[0])] })
    await until('connected', () => client.connected.size === 1)
    let release: () => void = () => assert.fail('nothing is asked yet')
    server.answer = (_protocol, body) =>
      new Promise((resolve) => {
        release = () => resolve(body)
      })
    const ask = () =>
      client.mesh
        .request(server.mesh.nodeId, ENTITY, Uint8Array.of(1), { timeoutMs: 1_000, maxResponseBytes: 10 })
        .then(() => 'answered')
        .catch((error: unknown) => (error instanceof MeshError ? error.code : String(error)))
    assert.deepEqual((await Promise.all([ask(), ask(), ask(), ask()])).sort(), [
      'refused',
      'refused',
      'timeout',
      'timeout',
    ])
    assert.equal(server.metrics.counted('dropped_total', { queue: 'mesh_requests_in', reason: 'full' }), 2)
    server.answer = async (_protocol, body) => body
    release()
    assert.equal(await ask(), 'answered', 'the place is free again')
  })

  it('over the cap are too_large before anything is sent', async () => {
    const node = await nodes.start({ privateKeySeed: seed(54), limits: { requestBytesMax: 10 } })
    const asked = node.mesh.request(node.mesh.nodeId, ENTITY, new Uint8Array(11), {
      timeoutMs: 10,
      maxResponseBytes: 10,
    })
    await assert.rejects(asked, (error) => error instanceof MeshError && error.code === 'too_large')
  })

  it('fail with unreachable when the peer goes while they are under way', async () => {
    const server = await nodes.start({ privateKeySeed: seed(55) })
    const client = await nodes.start({ privateKeySeed: seed(56), join: [bare(server.mesh.addresses()[0])] })
    await until('connected', () => client.connected.size === 1)
    let asked = false
    server.answer = () => {
      asked = true
      return new Promise(() => undefined)
    }
    const request = client.mesh.request(server.mesh.nodeId, ENTITY, Uint8Array.of(1), {
      timeoutMs: 30_000,
      maxResponseBytes: 10,
    })
    const failed = assert.rejects(request, (error) => error instanceof MeshError && error.code === 'unreachable')
    await until('it is under way', () => asked)
    await server.mesh.stop()
    await failed
  })
})

describe('a pre-shared key', () => {
  const pskOf = (digit: string) => new TextEncoder().encode(`/key/swarm/psk/1.0.0/\n/base16/\n${digit.repeat(64)}`)

  it('connects those who have it, large bodies included, and nobody else', async () => {
    const hub = await nodes.start({ privateKeySeed: seed(60), psk: pskOf('a') })
    const join = [bare(hub.mesh.addresses()[0])]
    const other = await nodes.start({ privateKeySeed: seed(62), join, psk: pskOf('b') })
    const without = await nodes.start({ privateKeySeed: seed(63), join })
    const member = await nodes.start({ privateKeySeed: seed(61), join, psk: pskOf('a') })
    await until('the member is connected', () => hub.connected.size === 1 && member.connected.size === 1)
    hub.publish(TRANSITIONS, 'for members')
    await until('the member hears', () => member.has('for members'))
    const body = new Uint8Array(8 << 20).map((_, i) => i ^ (i >> 9))
    const options = { timeoutMs: 30_000, maxResponseBytes: 8 << 20 }
    const answer = await member.mesh.request(hub.mesh.nodeId, ENTITY, body, options)
    assert.equal(Buffer.compare(answer, body), 0)
    assert.deepEqual(hub.mesh.connectedPeers(), [member.mesh.nodeId])
    assert.deepEqual([...other.connections, ...without.connections], [])
  })
})

describe('the socket', () => {
  it('takes no long frame from a caller nobody knows yet', async () => {
    const node = await nodes.start({ privateKeySeed: seed(70), listen: [LOOPBACK] })
    const port = /tcp\/(\d+)/.exec(bare(node.mesh.addresses()[0]))?.[1]
    const socket = new WebSocket(`ws://127.0.0.1:${port}`)
    await once(socket, 'open')
    socket.send(new Uint8Array(1 << 20))
    const [code] = await once(socket, 'close')
    assert.equal(code, 1009, 'message too big (RFC 6455, 7.4.1)')
    const honest = await nodes.start({ privateKeySeed: seed(71), join: [bare(node.mesh.addresses()[0])] })
    await until('an honest caller connects', () => honest.connected.size === 1)
  })

  it('of a dial that was turned away does not stay open', async () => {
    const friend = await nodes.start({ privateKeySeed: seed(72) })
    const node = await nodes.start({ privateKeySeed: seed(73) })
    const [address] = node.mesh.addresses()
    const proxy = await FreezingProxy.to(Number(/tcp\/(\d+)/.exec(address ?? '')?.[1]))
    const dialler = await nodes.start({
      privateKeySeed: seed(74),
      allowPeers: [friend.mesh.nodeId],
      join: [`/ip4/127.0.0.1/tcp/${proxy.port}/ws`],
    })
    await until('it has dialled twice', () => proxy.accepted >= 2)
    await dialler.mesh.stop()
    await until('nothing is open', () => proxy.open === 0, 3_000)
    await proxy.close()
  })
})

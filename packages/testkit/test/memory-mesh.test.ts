import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MeshError, TOPICS } from '@rollcall/core'
import { type NodeId, nodeIdOf } from '@rollcall/protocol'
import {
  type ComplianceNode,
  CountingMetrics,
  complianceNode,
  ManualClock,
  MemoryMeshNetwork,
  type MemoryMeshNetworkInit,
  type MeshHarness,
  meshCompliance,
  SeededRandom,
} from '@rollcall/testkit'

/** The id of a key derived from a word. Nobody holds its private half. */
const nodeIdFor = (word: string): NodeId => nodeIdOf(new SeededRandom(word).bytes(32))

const memoryHarness = (): MeshHarness => {
  const clock = new ManualClock()
  const network = new MemoryMeshNetwork({ clock, random: new SeededRandom('compliance') })
  const meshes: { stop(): Promise<void> }[] = []
  const pass = async (what: string, done: () => boolean) => {
    const deadlineMs = clock.monotonicMs() + 60_000
    while (!done()) {
      assert.ok(clock.monotonicMs() < deadlineMs, `within a minute of simulated time: ${what}`)
      await clock.advanceAsync(10)
    }
  }
  return {
    async create({ join, identity }) {
      const metrics = new CountingMetrics()
      const nodeId = nodeIdFor(identity ?? `node ${meshes.length}`)
      const mesh = network.createMesh({ nodeId, join, metrics })
      meshes.push(mesh)
      return { mesh, dropped: (reason) => metrics.counted('dropped_total', { queue: 'mesh', reason }) }
    },
    until: pass,
    async settle(promise) {
      let settled = false
      const mark = () => {
        settled = true
      }
      promise.then(mark, mark)
      await pass('a promise settles', () => settled)
      return promise
    },
    async close() {
      await Promise.all(meshes.map((mesh) => mesh.stop()))
    },
  }
}

meshCompliance('the memory mesh', memoryHarness)

/** A full mesh of `size` started nodes, connected. */
const fullMesh = async (size: number, init: Partial<MemoryMeshNetworkInit> = {}) => {
  const clock = new ManualClock()
  const network = new MemoryMeshNetwork({ clock, random: new SeededRandom('full mesh'), ...init })
  const nodes: ComplianceNode[] = []
  for (let i = 0; i < size; i++) {
    const metrics = new CountingMetrics()
    const join = nodes.flatMap((node) => node.mesh.addresses())
    const mesh = network.createMesh({ nodeId: nodeIdFor(`full ${i}`), name: `n${i}`, join, metrics })
    const dropped = (reason: string) => metrics.counted('dropped_total', { queue: 'mesh', reason })
    const node = complianceNode({ mesh, dropped })
    await mesh.start(node.handlers)
    nodes.push(node)
  }
  await clock.advanceAsync(5_000)
  assert.ok(nodes.every((node) => node.connected.size === size - 1))
  const node = (i: number): ComplianceNode => nodes[i] ?? assert.fail(`no node ${i}`)
  return { clock, network, nodes, node, ids: nodes.map(({ mesh }) => mesh.nodeId) }
}

const [TRANSITIONS] = TOPICS
const ENTITY = '/rollcall/entity/1'

describe('a memory mesh network', () => {
  it('gives one history per seed', async () => {
    const run = async () => {
      const faults = { delayMinMs: 1, delayMaxMs: 200, lossRatio: 0.3, duplicateRatio: 0.3 }
      const { clock, network, nodes, node } = await fullMesh(5)
      network.setFaults(faults)
      for (let i = 0; i < 40; i++) {
        node(i % 5).publish(TRANSITIONS, `message ${i}`)
        await clock.advanceAsync(25)
      }
      await clock.advanceAsync(2_000)
      return nodes.map(({ received }) => received)
    }
    const first = await run()
    assert.ok(first.some((received) => received.length > 20))
    assert.deepEqual(await run(), first)
  })

  it('loses as many broadcasts as it is told to, and none without', async () => {
    const { clock, network, node } = await fullMesh(2)
    network.setFaults({ lossRatio: 0.5 })
    for (let i = 0; i < 1_000; i++) node(0).publish(TRANSITIONS, `lossy ${i}`)
    await clock.advanceAsync(100)
    const arrived = node(1).received.length
    assert.ok(arrived > 420 && arrived < 580, `${arrived} of 1 000`)
    network.setFaults({ lossRatio: 0 })
    for (let i = 0; i < 1_000; i++) node(0).publish(TRANSITIONS, `sure ${i}`)
    await clock.advanceAsync(100)
    assert.equal(node(1).received.length - arrived, 1_000)
  })

  it('a duplicate is dropped where the first has been seen', async () => {
    const { clock, network, node } = await fullMesh(3)
    network.setFaults({ duplicateRatio: 1, delayMaxMs: 50 })
    node(0).publish(TRANSITIONS, 'twice')
    await clock.advanceAsync(1_000)
    assert.deepEqual(
      [0, 1, 2].map((i) => node(i).count('twice')),
      [0, 1, 1],
    )
  })

  it('delays by the link, and what arrives never depends on the other links', async () => {
    const { clock, network, node, ids } = await fullMesh(2)
    const [a, b] = ids
    assert.ok(a && b)
    network.setLink(a, b, { delayMinMs: 700, delayMaxMs: 700 })
    node(0).publish(TRANSITIONS, 'slow')
    await clock.advanceAsync(699)
    assert.equal(node(1).has('slow'), false)
    await clock.advanceAsync(1)
    assert.equal(node(1).has('slow'), true)
  })

  it('a partition is noticed after lossDetectMs, and healed by the dial loops', async () => {
    const { clock, network, node, ids } = await fullMesh(4, { lossDetectMs: 15_000 })
    network.partition(ids.slice(0, 2), ids.slice(2))
    node(0).publish(TRANSITIONS, 'inside')
    await clock.advanceAsync(14_000)
    assert.deepEqual(
      [1, 2, 3].map((i) => node(i).has('inside')),
      [true, false, false],
    )
    assert.equal(node(0).connected.size, 3, 'not noticed yet')
    await clock.advanceAsync(2_000)
    assert.equal(node(0).connected.size, 1)
    network.heal()
    await clock.advanceAsync(3_000)
    assert.equal(node(0).connected.size, 3)
    node(0).publish(TRANSITIONS, 'again')
    await clock.advanceAsync(100)
    assert.ok([1, 2, 3].every((i) => node(i).has('again')))
  })

  it('a request into a partition times out first and is unreachable later', async () => {
    const { clock, network, node, ids } = await fullMesh(2, { lossDetectMs: 15_000 })
    const [a, b] = ids
    assert.ok(a && b)
    network.cut(a, b)
    const ask = async (timeoutMs: number) => {
      const asked = node(0).mesh.request(b, ENTITY, new Uint8Array(1), { timeoutMs, maxResponseBytes: 10 })
      const code = asked.then(
        () => 'answered',
        (error) => (error instanceof MeshError ? error.code : String(error)),
      )
      await clock.advanceAsync(20_000)
      return code
    }
    assert.equal(await ask(5_000), 'timeout')
    assert.equal(await ask(5_000), 'unreachable')
    network.mend(a, b)
    await clock.advanceAsync(3_000)
    assert.equal(await ask(5_000), 'answered')
  })

  it('a request under way when the link breaks is unreachable, not hanging', async () => {
    const { clock, node, ids } = await fullMesh(2)
    const [, b] = ids
    assert.ok(b)
    node(1).answer = () => new Promise(() => undefined)
    const asked = node(0).mesh.request(b, ENTITY, new Uint8Array(1), { timeoutMs: 60_000, maxResponseBytes: 10 })
    const rejected = assert.rejects(asked, (error) => error instanceof MeshError && error.code === 'unreachable')
    await clock.advanceAsync(10)
    await node(1).mesh.stop()
    await clock.advanceAsync(10)
    await rejected
  })

  it('blockTopics stops every broadcast and no request', async () => {
    const { clock, network, node, ids } = await fullMesh(2)
    const [, b] = ids
    assert.ok(b)
    network.blockTopics(true)
    node(0).publish(TRANSITIONS, 'blocked')
    const asked = node(0).mesh.request(b, ENTITY, Uint8Array.of(9), { timeoutMs: 1_000, maxResponseBytes: 10 })
    await clock.advanceAsync(500)
    assert.deepEqual(await asked, Uint8Array.of(9))
    assert.equal(node(1).has('blocked'), false)
    network.blockTopics(false)
    node(0).publish(TRANSITIONS, 'free')
    await clock.advanceAsync(500)
    assert.equal(node(1).has('free'), true)
  })

  it('a power cut is noticed late, but the same node coming back replaces its dead link at once', async () => {
    const { clock, network, node, ids } = await fullMesh(2, { lossDetectMs: 15_000 })
    const [a, b] = ids
    assert.ok(a && b)
    network.cut(a, b)
    await node(1).mesh.stop()
    network.heal()
    await clock.advanceAsync(1_000)
    assert.equal(node(0).connected.size, 1, 'not noticed')
    const reborn = complianceNode({
      mesh: network.createMesh({ nodeId: b, name: 'n1', join: node(0).mesh.addresses() }),
      dropped: () => 0,
    })
    await reborn.mesh.start(reborn.handlers)
    await clock.advanceAsync(100)
    node(0).publish(TRANSITIONS, 'hello again')
    await clock.advanceAsync(100)
    assert.equal(reborn.has('hello again'), true)
    assert.equal(node(0).connections.length, 2)
    await clock.advanceAsync(30_000)
    assert.equal(node(0).connected.size, 1, 'the late news of the old link changes nothing')
  })

  it('drops and counts what a full link cannot take', async () => {
    const { clock, node } = await fullMesh(2, { linkQueueMax: 10 })
    for (let i = 0; i < 25; i++) node(0).publish(TRANSITIONS, `burst ${i}`)
    await clock.advanceAsync(100)
    assert.equal(node(1).received.length, 10)
    assert.equal(node(0).dropped('full'), 15)
  })
})

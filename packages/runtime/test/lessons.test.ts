/** Failures of other registries, against the shipping runtime in injected time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent } from './support/agent.ts'
import { SETTINGS, TestCluster, type TestNode } from './support/cluster.ts'

const { thresholdMs, suspectMs, tickMs, statusIntervalMs } = SETTINGS
const SECOND = 1_000

const withCluster = async (size: number, run: (cluster: TestCluster) => Promise<void>): Promise<void> => {
  const cluster = new TestCluster(size)
  await cluster.start()
  await run(cluster)
  await cluster.stop()
}

const statuses = (cluster: TestCluster, agent: Agent): Promise<unknown[]> =>
  Promise.all(cluster.nodes.map((node) => node.status(agent)))

const everywhere = async (cluster: TestCluster, agent: Agent, status: unknown): Promise<void> =>
  assert.deepEqual(
    await statuses(cluster, agent),
    cluster.nodes.map(() => status),
    `${agent.name} at ${cluster.clock.monotonicMs()}`,
  )

/** A beat that claims a time of its own. */
const beatAt = async (cluster: TestCluster, node: TestNode, agent: Agent, timeMs: number): Promise<string> => {
  const source = { requestId: 'b', address: '127.0.0.1', session: node.session(agent) }
  return (await cluster.until(node.registry.beat(agent.id, agent.beat(node.id, timeMs), source))).outcome
}

test('Liveness that lies, L2: a beat dated 50 s ahead or behind ends a threshold after it came, on every node; its time is kept as it was given', async () => {
  await withCluster(3, async (cluster) => {
    const node = cluster.node(0)
    const offsetsMs = [50 * SECOND, -50 * SECOND, 0]
    const agents = offsetsMs.map((_, i) => new Agent(i))
    for (const agent of agents) await node.register(agent)
    await cluster.pass(SECOND)
    const claimed: number[] = []
    const startedMs = cluster.clock.monotonicMs()
    for (const [i, agent] of agents.entries()) {
      const timeMs = Math.floor(node.nowMs() + (offsetsMs[i] ?? 0))
      assert.equal(await beatAt(cluster, node, agent, timeMs), 'accepted')
      claimed.push(timeMs)
    }
    const tookMs = cluster.clock.monotonicMs() - startedMs
    await cluster.pass(thresholdMs - tookMs - 1)
    for (const agent of agents) await everywhere(cluster, agent, 'active')
    await cluster.pass(tookMs + 2 * tickMs + SECOND)
    for (const [i, agent] of agents.entries()) {
      await everywhere(cluster, agent, 'inactive')
      for (const other of cluster.nodes) assert.equal((await other.view(agent))?.lastBeatMs, claimed[i])
    }
  })
})

test('Liveness that lies: each timeout of the registry ends when its own feed stops, and no other feed keeps it or ends it', async () => {
  await withCluster(3, async (cluster) => {
    const [a, b, c] = [cluster.node(0), cluster.node(1), cluster.node(2)]
    const [beats, silent] = [new Agent(1), new Agent(2)]
    for (const agent of [beats, silent]) await a.register(agent)
    const sessions = [beats, silent].map((agent) => a.session(agent))
    for (const [i, agent] of [beats, silent].entries()) assert.equal(await a.beat(agent, sessions[i]), 'accepted')
    const live = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 30 * SECOND) {
        await cluster.pass(30 * SECOND)
        await a.beat(beats, sessions[0])
      }
    }
    await live(2 * thresholdMs)
    await everywhere(cluster, beats, 'active')
    // The beats of the other stopped, its session stays open and its node is heard: only the lease ends.
    await everywhere(cluster, silent, 'inactive')
    const stateOfC = (node: TestNode): unknown => node.cluster().nodes.find(({ id }) => id === c.id)?.state
    assert.deepEqual([stateOfC(a), stateOfC(b)], ['heard', 'heard'])
    // What a node tells stops: it is suspect, then gone, and no beat elsewhere changes that.
    cluster.network.partition([c.id])
    await cluster.pass(suspectMs - statusIntervalMs - SECOND)
    assert.equal(stateOfC(a), 'heard')
    await cluster.pass(statusIntervalMs + 2 * SECOND)
    assert.equal(stateOfC(a), 'suspect')
    await live(thresholdMs)
    assert.deepEqual([stateOfC(a), stateOfC(b)], ['gone', 'gone'])
    assert.deepEqual([await a.status(beats), await b.status(beats)], ['active', 'active'])
    cluster.network.heal()
    await live(60 * SECOND)
    assert.deepEqual([stateOfC(a), stateOfC(b)], ['heard', 'heard'])
    await everywhere(cluster, beats, 'active')
  })
})

test('A 503 that then ran, L9: what a node refuses while its disk refuses, or before its first sync, never runs', async () => {
  const cluster = new TestCluster(3)
  const [a, late] = [cluster.node(0), cluster.node(2)]
  cluster.network.partition([late.id])
  for (const node of cluster.nodes) await cluster.until(node.start())
  await cluster.pass(10 * SECOND)
  const unsynced = new Agent(1)
  await assert.rejects(late.register(unsynced), /not yet synced.*nothing was written/)

  const [stuck, refused, kept] = [new Agent(2), new Agent(3), new Agent(4)]
  await a.register(kept)
  a.refuseDisk(true)
  // The first finds out that the disk refuses: nobody can tell what became of it, and it is not told 503 but 504.
  await assert.rejects(a.register(stuck), /no answer in time/)
  await assert.rejects(a.register(refused), /the disk of this node refuses; nothing was written/)
  await assert.rejects(a.deregister(kept), /nothing was written/)
  assert.equal(await a.beat(kept), 'storage_error')
  a.refuseDisk(false)
  cluster.network.heal()
  await cluster.pass(2 * thresholdMs)
  for (const node of cluster.nodes) {
    for (const agent of [unsynced, refused]) assert.equal(await node.status(agent), undefined)
    for (const agent of [stuck, kept]) assert.equal(await node.status(agent), 'inactive')
    assert.deepEqual(node.registry.node().counts, { active: 0, inactive: 2, tombstones: 0, graves: 0 })
  }
  assert.equal(a.metrics.counted('transitions_total', { from: 'inactive', to: 'active', reason: 'heartbeat' }), 0)
  await cluster.stop()
})

for (const [where, there] of [
  ['one node', 0],
  ['two nodes', 1],
] as const) {
  test(`Fencing, L7, L8: on ${where}, with gossip a minute late, the late end of the older connection takes nothing from the newer`, async () => {
    await withCluster(3, async (cluster) => {
      const [a, b] = [cluster.node(0), cluster.node(there)]
      const agent = new Agent(1)
      await a.register(agent)
      await cluster.pass(SECOND)
      const older = a.session(agent)
      assert.equal(await a.beat(agent, older), 'accepted')
      await cluster.pass(5 * SECOND)
      await everywhere(cluster, agent, 'active')
      cluster.network.setFaults({ delayMinMs: 60 * SECOND, delayMaxMs: 60 * SECOND })
      const newer = b.session(agent)
      assert.equal(await b.beat(agent, newer), 'accepted')
      await cluster.pass(20 * SECOND)
      older.close()
      await cluster.pass(SECOND)
      await everywhere(cluster, agent, 'active')
      for (let passedMs = 0; passedMs < 2 * thresholdMs; passedMs += 30 * SECOND) {
        await cluster.pass(30 * SECOND)
        assert.equal(await b.beat(agent, newer), 'accepted')
        await everywhere(cluster, agent, 'active')
      }
      for (const node of cluster.nodes) assert.equal((await node.view(agent))?.attendant, b.id)
    })
  })
}

test('Divergence between nodes, S3: while nodes differ, one call and one metric of each say so; then they answer the same', async () => {
  await withCluster(3, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const converged = (): unknown[] => cluster.nodes.map((node) => node.metrics.gauged('cluster_converged'))
    assert.deepEqual(converged(), [1, 1, 1])
    cluster.network.partition([a.id])
    const [here, there] = [new Agent(1), new Agent(2)]
    await a.register(here)
    await b.register(there)
    await cluster.pass(suspectMs + statusIntervalMs)
    assert.notDeepEqual(await a.found('weather', 'any'), await b.found('weather', 'any'))
    for (const node of cluster.nodes) {
      assert.equal(node.cluster().converged, false)
      assert.match(node.cluster().reasons.join(), /the digest of node-\d differs/)
    }
    assert.deepEqual(converged(), [0, 0, 0])
    cluster.network.heal()
    cluster.network.blockTopics(true)
    await cluster.pass(30 * SECOND)
    const digests = new Set(cluster.nodes.map((node) => node.registry.node().digest))
    assert.equal(digests.size, 1)
    cluster.network.blockTopics(false)
    await cluster.pass(2 * statusIntervalMs)
    for (const node of cluster.nodes) assert.deepEqual(node.cluster().reasons, [])
    assert.deepEqual(converged(), [1, 1, 1])
    const answers = await Promise.all(cluster.nodes.map(async (node) => (await node.found('weather', 'any')).sort()))
    for (const answer of answers) assert.deepEqual(answer, [here.id, there.id].sort())
  })
})

for (const order of [
  [0, 1, 2],
  [2, 0, 1],
  [1, 2, 0],
] as const) {
  test(`Mass restart, L5, T1: all nodes killed at once and started in the order ${order.join(', ')}, twice: the truth survives`, async () => {
    await withCluster(3, async (cluster) => {
      const [alive, silent, dead, reborn] = [new Agent(1), new Agent(2), new Agent(3), new Agent(4)]
      for (const [i, agent] of [alive, silent, dead, reborn].entries()) {
        await cluster.node(i % 3).register(agent)
        await cluster.pass(SECOND)
        assert.equal(await cluster.node((i + 1) % 3).beat(agent), 'accepted')
      }
      await cluster.pass(thresholdMs + SECOND)
      // What is told last of each is the truth: alive again, silent, dead, and dead but born again.
      await cluster.node(0).deregister(dead)
      await cluster.node(1).deregister(reborn)
      await cluster.pass(SECOND)
      await cluster.node(2).register(reborn)
      await cluster.pass(SECOND)
      for (const agent of [alive, reborn]) assert.equal(await cluster.node(0).beat(agent), 'accepted')
      // No later than this a beat is on disk (L5).
      await cluster.pass(SETTINGS.flushIntervalMs + SECOND)
      for (let round = 0; round < 2; round++) {
        for (const node of cluster.nodes) await node.crash()
        await cluster.pass(5 * SECOND)
        for (const index of order) {
          await cluster.until(cluster.node(index).start())
          await cluster.pass(2 * SECOND)
        }
        // Nobody has beaten yet: this is what the disks and the other nodes say.
        for (const agent of [alive, reborn]) await everywhere(cluster, agent, 'active')
        await cluster.pass(20 * SECOND)
        for (const agent of [alive, reborn]) assert.equal(await cluster.node(order[0]).beat(agent), 'accepted')
        await cluster.pass(SECOND)
        for (const agent of [alive, reborn]) await everywhere(cluster, agent, 'active')
        await everywhere(cluster, silent, 'inactive')
        await everywhere(cluster, dead, undefined)
        assert.equal(new Set(cluster.nodes.map((node) => node.registry.node().digest)).size, 1)
        const counts = { active: 2, inactive: 1, tombstones: 1, graves: 0 }
        for (const node of cluster.nodes) assert.deepEqual(node.registry.node().counts, counts)
      }
    })
  })
}

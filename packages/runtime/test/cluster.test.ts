import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditKey } from '@rollcall/core'
import { Agent } from './support/agent.ts'
import { TestCluster } from './support/cluster.ts'

const withCluster = async (
  size: number,
  run: (cluster: TestCluster) => Promise<void>,
  overrides: ConstructorParameters<typeof TestCluster>[1] = {},
): Promise<void> => {
  const cluster = new TestCluster(size, overrides)
  await cluster.start()
  try {
    await run(cluster)
  } finally {
    await cluster.stop()
  }
}

test('L1, L7, T1: an entity goes its whole way, and every node agrees at each step', async () => {
  await withCluster(3, async (cluster) => {
    const [a, b, c] = [cluster.node(0), cluster.node(1), cluster.node(2)]
    const agent = new Agent(1)
    const statuses = async (): Promise<unknown[]> => Promise.all(cluster.nodes.map((node) => node.status(agent)))

    await a.register(agent)
    await cluster.pass(1_000)
    assert.deepEqual(await statuses(), ['inactive', 'inactive', 'inactive'])

    assert.equal(await b.beat(agent), 'accepted')
    await cluster.pass(1_000)
    assert.deepEqual(await statuses(), ['active', 'active', 'active'])
    for (const node of cluster.nodes) assert.deepEqual(await node.found('weather'), [agent.id])

    await cluster.pass(301_000)
    assert.deepEqual(await statuses(), ['inactive', 'inactive', 'inactive'])
    for (const node of cluster.nodes) {
      assert.deepEqual(await node.found('weather'), [])
      assert.deepEqual(await node.found('weather', 'any'), [agent.id])
    }

    assert.equal(await c.beat(agent), 'accepted')
    await cluster.pass(1_000)
    assert.deepEqual(await statuses(), ['active', 'active', 'active'])

    await a.deregister(agent)
    await cluster.pass(1_000)
    assert.deepEqual(await statuses(), [undefined, undefined, undefined])
    for (const node of cluster.nodes) assert.deepEqual(await node.found('weather', 'any'), [])
    await cluster.pass(6_000)
    for (const node of cluster.nodes) assert.deepEqual(node.cluster().reasons, [])
  })
})

test('Divergence between nodes, S1: with gossip blocked altogether, sync alone converges within its interval', async () => {
  await withCluster(3, async (cluster) => {
    cluster.network.blockTopics(true)
    const agents = Array.from({ length: 50 }, (_, i) => new Agent(i))
    for (const agent of agents) await cluster.node(agent.id.charCodeAt(10) % 3).register(agent)
    await cluster.pass(30_000)
    for (const node of cluster.nodes) assert.equal(node.registry.list({ limit: 100, offset: 0 }).total, 50)
    assert.equal(new Set(cluster.nodes.map((node) => node.registry.node().digest)).size, 1)
  })
})

test('L5: a crash loses no registration that was answered, and an entity that comes back in time is never inactive', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const agent = new Agent(1)
    await a.register(agent)
    assert.equal(await a.beat(agent), 'accepted')
    // What was accepted half a minute ago is on disk.
    await cluster.pass(31_000)
    await a.crash()
    await cluster.pass(20_000)
    await cluster.until(a.start())
    assert.equal(await a.status(agent), 'active')
    await cluster.pass(15_000)
    assert.equal(await a.beat(agent), 'accepted')
    await cluster.pass(200_000)
    assert.deepEqual([await a.status(agent), await b.status(agent)], ['active', 'active'])
  })
})

test('L6: an entity of a node that died is shown inactive after the threshold, and its next beat elsewhere revives it', async () => {
  await withCluster(3, async (cluster) => {
    const [a, b, c] = [cluster.node(0), cluster.node(1), cluster.node(2)]
    const agent = new Agent(1)
    await a.register(agent)
    await a.beat(agent)
    await cluster.pass(1_000)
    await a.crash()
    await cluster.pass(290_000)
    assert.deepEqual([await b.status(agent), await c.status(agent)], ['active', 'active'])
    await cluster.pass(20_000)
    assert.deepEqual([await b.status(agent), await c.status(agent)], ['inactive', 'inactive'])
    assert.equal(await b.beat(agent), 'accepted')
    await cluster.pass(1_000)
    assert.deepEqual([await b.status(agent), await c.status(agent)], ['active', 'active'])
    assert.deepEqual(await c.found('weather'), [agent.id])
  })
})

test('S4: a node that comes late and empty has everything within seconds, and takes no write before', async () => {
  const cluster = new TestCluster(3)
  const [a, b, late] = [cluster.node(0), cluster.node(1), cluster.node(2)]
  await cluster.until(a.start())
  await cluster.until(b.start())
  await cluster.pass(5_000)
  const agents = Array.from({ length: 30 }, (_, i) => new Agent(i))
  for (const agent of agents) await a.register(agent)
  await cluster.pass(60_000)
  cluster.network.partition([late.id])
  await cluster.until(late.start())
  assert.equal(late.registry.readiness().ready, false)
  await assert.rejects(late.register(new Agent(99)), /not yet synced/)
  cluster.network.heal()
  await cluster.pass(5_000)
  assert.equal(late.registry.readiness().ready, true)
  assert.equal(late.registry.list({ limit: 100, offset: 0 }).total, 30)
  await cluster.stop()
})

test('T2, T3: a tombstone becomes a grave after the retention once every node confirmed it, and registering again works', async () => {
  await withCluster(
    3,
    async (cluster) => {
      const a = cluster.node(0)
      const agent = new Agent(1)
      await a.register(agent)
      await cluster.pass(1_000)
      await a.deregister(agent)
      await cluster.pass(600_000)
      assert.deepEqual(
        cluster.nodes.map((node) => node.registry.node().counts.tombstones),
        [1, 1, 1],
      )
      await cluster.pass(3_100_000)
      assert.deepEqual(
        cluster.nodes.map((node) => node.registry.node().counts.graves),
        [1, 1, 1],
      )
      assert.equal(new Set(cluster.nodes.map((node) => node.registry.node().digest)).size, 1)
      await a.register(agent)
      await cluster.pass(1_000)
      for (const node of cluster.nodes) assert.equal(await node.status(agent), 'inactive')
    },
    { retentionMs: 3_600_000 },
  )
})

test('G4: lost messages are asked of their origin, without waiting for a sync', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    const agents = Array.from({ length: 4 }, (_, i) => new Agent(i))
    await a.register(agents[0] ?? new Agent(0))
    await cluster.pass(1_000)
    cluster.network.blockTopics(true)
    await a.register(agents[1] ?? new Agent(1))
    await a.register(agents[2] ?? new Agent(2))
    await cluster.pass(100)
    cluster.network.blockTopics(false)
    await a.register(agents[3] ?? new Agent(3))
    await cluster.pass(600)
    assert.equal(b.registry.list({ limit: 10, offset: 0 }).total, 4)
  })
})

test('Audit that only says yes, A1: the chain is whole and witnessed; a changed link and a cut tail are found', async () => {
  await withCluster(2, async (cluster) => {
    const [a, b] = [cluster.node(0), cluster.node(1)]
    assert.equal((await cluster.until(a.registry.verifyAudit())).length, 0)
    for (let i = 0; i < 5; i++) await a.register(new Agent(i))
    await cluster.pass(6_000)
    const whole = await cluster.until(a.registry.verifyAudit())
    assert.deepEqual(whole, { result: 'ok', length: 5, oldest: 1, witnesses: [b.id] })

    const third = await a.registry.auditLinks({ after: 2, limit: 1 })
    assert.equal(third[0]?.number, 3)
    const [key, value] = [auditKey(5), await a.store.get('audit', auditKey(5))]
    assert.ok(value)
    await a.store.write([{ kind: 'del', table: 'audit', key }], { durable: true })
    const cut = await cluster.until(a.registry.verifyAudit())
    assert.deepEqual([cut.result, cut.firstBrokenId], ['broken', 5])

    await a.store.write([{ kind: 'put', table: 'audit', key, value }], { durable: true })
    const changed = await a.store.get('audit', auditKey(2))
    assert.ok(changed)
    const bytes = Uint8Array.from(changed)
    bytes[60] = (bytes[60] ?? 0) ^ 1
    await a.store.write([{ kind: 'put', table: 'audit', key: auditKey(2), value: bytes }], { durable: true })
    const broken = await cluster.until(a.registry.verifyAudit())
    assert.deepEqual([broken.result, broken.firstBrokenId], ['broken', 2])
  })
})

test('Mass false death, L4: a jump of the system clock kills nobody, refuses no beat and leaves the node ready', async () => {
  await withCluster(3, async (cluster) => {
    const a = cluster.node(0)
    const agent = new Agent(1)
    await a.register(agent)
    const session = a.session(agent)
    assert.equal(await a.beat(agent, session), 'accepted')
    for (const jumpMs of [3_600_000, -7_200_000]) {
      a.clock.stepWall(jumpMs)
      for (let i = 0; i < 12; i++) {
        await cluster.pass(30_000)
        // The agent lives elsewhere: its clock did not jump.
        const beat = agent.beat(a.id, cluster.node(1).nowMs())
        const answer = a.registry.beat(agent.id, beat, { requestId: 'b', address: '127.0.0.1', session })
        assert.equal((await cluster.until(answer)).outcome, 'accepted')
        for (const node of cluster.nodes) assert.equal(await node.status(agent), 'active')
      }
      assert.deepEqual(a.registry.readiness(), { ready: true })
    }
  })
})

test('L4: a node that starts with a wrong clock is not ready, and the others stay so', async () => {
  const cluster = new TestCluster(3)
  const [a, b, wrong] = [cluster.node(0), cluster.node(1), cluster.node(2)]
  wrong.clock.stepWall(-3_600_000)
  await cluster.start()
  assert.match(JSON.stringify(wrong.registry.readiness()), /the clock of this node is further/)
  assert.deepEqual([a.registry.readiness(), b.registry.readiness()], [{ ready: true }, { ready: true }])
  // Mended, it is followed, because most nodes agree with the new time.
  wrong.clock.stepWall(3_600_000)
  await cluster.pass(20_000)
  assert.deepEqual(wrong.registry.readiness(), { ready: true })
  await cluster.stop()
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent } from './support/agent.ts'
import { TestCluster } from './support/cluster.ts'

test('T2, L5: after a start a tombstone that is held longer is purged first, whatever the order of ids', async () => {
  const cluster = new TestCluster(1, { retentionMs: 100_000 })
  await cluster.start()
  try {
    const node = cluster.node(0)
    const byId = [new Agent(1), new Agent(2)].sort((a, b) => (a.id < b.id ? -1 : 1))
    const [lesser, greater] = byId
    assert.ok(lesser && greater)
    for (const agent of byId) await node.register(agent)
    await node.deregister(greater)
    await cluster.pass(60_000)
    await node.deregister(lesser)
    await cluster.pass(1_000)
    await node.crash()
    await cluster.until(node.start())
    await cluster.pass(60_000)
    const kindOf = ({ id }: Agent): string | undefined => node.runtime?.inside.state.holdings.get(id)?.entry.kind
    assert.deepEqual([kindOf(greater), kindOf(lesser)], ['grave', 'tombstone'])
  } finally {
    await cluster.stop()
  }
})

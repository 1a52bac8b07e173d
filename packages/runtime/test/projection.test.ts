import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent } from './support/agent.ts'
import { TestCluster, type TestNode } from './support/cluster.ts'

const totalOf = async (node: TestNode, text: string): Promise<number> => {
  const found = await node.registry.search({ text, status: 'any', limit: 10, offset: 0 })
  assert.ok(found.ok)
  return found.value.totalFound
}

test('F1, F4: search counts what lives, by what it declares of itself, and nothing of the dead', async () => {
  const cluster = new TestCluster(1)
  await cluster.start()
  try {
    const node = cluster.node(0)
    const agent = new Agent(1)
    const act = agent.registration(node.nowMs(), { capability_summary: { skills: ['translate', { of: 'poems' }] } })
    const context = { requestId: 'r', address: '127.0.0.1' }
    assert.ok((await cluster.until(node.registry.register(act, context))).ok)
    for (const word of ['weather', 'translate', 'poems', 'agent 1']) assert.equal(await totalOf(node, word), 1, word)
    await node.update(agent, { summary: 'Answers about trains.', tags: [] })
    assert.deepEqual([await totalOf(node, 'weather'), await totalOf(node, 'trains')], [0, 1])
    await node.deregister(agent)
    for (const word of ['trains', 'translate', '']) assert.equal(await totalOf(node, word), 0, word)
    assert.equal(node.runtime?.inside.projection.index.size, 0)
  } finally {
    await cluster.stop()
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Agent } from './support/agent.ts'
import { TestCluster } from './support/cluster.ts'

test('L9: while the disk refuses, the inbox stays within its bound, timers included', async () => {
  const inboxMax = 20
  const cluster = new TestCluster(1, { inboxMax })
  const node = cluster.node(0)
  await cluster.start()
  node.refuseDisk(true)
  // Forty seconds of ticks are eight times the bound.
  await cluster.pass(40_000)
  const waiting = node.runtime?.inside.inboxLength() ?? assert.fail()
  assert.ok(waiting >= inboxMax && waiting <= 2 * inboxMax, `${waiting} events wait`)
  node.refuseDisk(false)
  await cluster.pass(5_000)
  assert.equal(node.runtime?.inside.inboxLength(), 0)
  await cluster.stop()
})

test('I3, L5: a step that throws midway ends the node: nothing of it is written or answered, and nothing is decided after it', async () => {
  const cluster = new TestCluster(1)
  const node = cluster.node(0)
  await cluster.start()
  const agent = new Agent(1)
  await node.register(agent)
  const presences = async (): Promise<number> => {
    let rows = 0
    for await (const _ of node.store.scan('presence')) rows++
    return rows
  }
  node.breakSigning()
  assert.equal(await node.beat(agent), 'storage_error')
  assert.deepEqual(node.faults.map(String), ['Error: the key is gone'])
  await cluster.pass(60_000)
  assert.equal(await presences(), 0)
  assert.equal(node.faults.length, 1)
  // As the process would: it ends without a stop.
  await node.crash()
  await node.start()
  assert.equal(await node.beat(agent), 'accepted')
  assert.equal(await node.status(agent), 'active')
  await cluster.stop()
})

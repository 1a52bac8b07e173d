import assert from 'node:assert/strict'
import { test } from 'node:test'
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

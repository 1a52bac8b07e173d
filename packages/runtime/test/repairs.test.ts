/** What a repair between nodes may cost, and who repairs with whom (S1, S2). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeIdOf } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { RepairTurns } from '../src/repair-turns.ts'
import { Agent } from './support/agent.ts'
import { TestCluster } from './support/cluster.ts'

const [LESS, SELF, MORE] = [1, 2, 3].map((byte) => nodeIdOf(new Uint8Array(32).fill(byte))).sort() as [
  ReturnType<typeof nodeIdOf>,
  ReturnType<typeof nodeIdOf>,
  ReturnType<typeof nodeIdOf>,
]

test('S2: what many peers bring at once is checked in pieces, one each time the event loop comes round', async () => {
  const cluster = new TestCluster(4)
  await cluster.start()
  try {
    const [newcomer, ...others] = cluster.nodes
    assert.ok(newcomer && others[0])
    cluster.network.partition([newcomer.id])
    await cluster.pass(60_000)
    for (let number = 0; number < 150; number++) await others[0].register(new Agent(number))
    await cluster.pass(10_000)
    cluster.network.blockTopics(true)
    newcomer.checkedAtOnce = 0
    cluster.network.heal()
    await cluster.pass(90_000)
    assert.equal(new Set(cluster.nodes.map((node) => node.registry.node().digest)).size, 1)
    // Sixteen entries make a piece.
    assert.ok(newcomer.checkedAtOnce > 0 && newcomer.checkedAtOnce <= 16, `${newcomer.checkedAtOnce} at once`)
  } finally {
    await cluster.stop()
  }
})

test('S2, G3: a message of many entries is checked in pieces, too', async () => {
  const cluster = new TestCluster(2, { batchWindowMs: 500 })
  await cluster.start()
  try {
    const [first, second] = [cluster.node(0), cluster.node(1)]
    second.checkedAtOnce = 0
    for (let number = 0; number < 60; number++) await first.register(new Agent(number))
    await cluster.pass(2_000)
    assert.equal(second.registry.node().digest, first.registry.node().digest)
    // Sixteen entries, and the envelope of the first.
    assert.ok(second.checkedAtOnce > 1 && second.checkedAtOnce <= 17, `${second.checkedAtOnce} at once`)
  } finally {
    await cluster.stop()
  }
})

test('S1: after a split each node takes in what it lacked once, whatever changed, and from whomever', async () => {
  const cluster = new TestCluster(5)
  await cluster.start()
  try {
    const [a, b] = [cluster.node(0), cluster.node(3)]
    const agents = Array.from({ length: 60 }, (_, number) => new Agent(number))
    for (const agent of agents) await a.register(agent)
    await cluster.pass(10_000)
    cluster.network.partition([a.id, cluster.node(1).id, cluster.node(2).id])
    await cluster.pass(60_000)
    for (const agent of agents.slice(0, 20)) await a.update(agent, { summary: 'Changed on one side.' })
    for (const agent of agents.slice(20, 40)) await b.update(agent, { summary: 'Changed on the other side.' })
    await cluster.pass(10_000)
    const before = repairs(cluster)
    // Broadcasts stay away, or the origins would be asked for the few messages that were missed (G4).
    cluster.network.blockTopics(true)
    cluster.network.heal()
    await cluster.pass(90_000)
    assert.equal(new Set(cluster.nodes.map((node) => node.registry.node().digest)).size, 1)
    // Three nodes lacked the 20 of the other side, and two those of the first.
    assert.equal(repairs(cluster) - before, 5 * 20)
  } finally {
    await cluster.stop()
  }
})

test('S1: what changes while a repair runs is not lost to it', async () => {
  const cluster = new TestCluster(2)
  await cluster.start()
  try {
    // The lesser id begins: here the one that lacks everything.
    const [b, a] = [cluster.node(0), cluster.node(1)].sort((one, other) => (one.id < other.id ? -1 : 1))
    assert.ok(a && b)
    await cluster.pass(10_000)
    cluster.network.partition([a.id])
    // More than are repaired at a time, so that the oldest are not compared before the newest have travelled.
    const agents = Array.from({ length: 700 }, (_, number) => new Agent(number))
    for (const agent of agents) await a.register(agent)
    const [oldest] = agents
    assert.ok(oldest)
    cluster.network.blockTopics(true)
    let held = 0
    let changing: ReturnType<typeof a.registry.update> | undefined
    for (const { mesh } of [a, b]) {
      assert.ok(mesh)
      const request = mesh.request.bind(mesh)
      mesh.request = (...asked) => {
        if (held === 0 && b.registry.node().counts.inactive > 0) {
          held = b.registry.node().counts.inactive
          const act = oldest.update(a.nowMs(), { summary: 'Changed while a repair ran.' })
          changing = a.registry.update(oldest.id, act, { requestId: 'u', address: '127.0.0.1' })
        }
        return request(...asked)
      }
    }
    const ended = (): number =>
      [a, b].reduce((sum, { metrics }) => sum + metrics.counted('sync_rounds_total', { outcome: 'repaired' }), 0)
    const before = ended()
    cluster.network.heal()
    // No further: whatever the first repair leaves, the next would mend.
    for (let ms = 0; ms < 10_000 && ended() === before; ms += 10) await cluster.pass(10)
    assert.equal(ended(), before + 1)
    assert.ok(held > 0 && held < 700, `${held} entries had travelled`)
    assert.equal((await changing)?.ok, true)
    assert.equal(new Set(cluster.nodes.map((node) => node.registry.node().digest)).size, 1)
  } finally {
    await cluster.stop()
  }
})

const repairs = (cluster: TestCluster): number =>
  cluster.nodes.reduce((sum, { metrics }) => sum + metrics.counted('sync_repairs_total'), 0)

test('S1: a node is in one repair at a time, its own or that of one peer', async () => {
  const clock = new ManualClock()
  const turns = new RepairTurns(clock, SELF)
  assert.equal(turns.admits(LESS), true)
  assert.equal(turns.admits(MORE), false)
  assert.equal(turns.admits(LESS), true)
  assert.equal(turns.leaves(MORE), false)
  assert.equal(turns.leaves(LESS), true)
  let end = (): void => undefined
  const repair = turns.take(MORE, () => new Promise<void>((resolve) => (end = resolve)))
  await Promise.resolve()
  assert.equal(turns.admits(LESS), false)
  end()
  await repair
  assert.equal(turns.admits(LESS), true)
})

test('S1: of two nodes that begin with each other at the same time, the lesser id goes on', async () => {
  const clock = new ManualClock()
  const greater = new RepairTurns(clock, MORE)
  const lesser = new RepairTurns(clock, LESS)
  let end = (): void => undefined
  const open = (): Promise<void> => new Promise((resolve) => (end = resolve))
  void greater.take(LESS, open)
  void lesser.take(MORE, open)
  await Promise.resolve()
  assert.equal(greater.admits(LESS), true)
  assert.equal(greater.mustYieldTo(LESS), true)
  assert.equal(lesser.admits(MORE), false)
  assert.equal(lesser.mustYieldTo(MORE), false)
  end()
})

test('S1: a visitor that falls silent, or does not end, keeps nobody else out', () => {
  const clock = new ManualClock()
  const turns = new RepairTurns(clock, SELF)
  assert.equal(turns.admits(LESS), true)
  clock.advance(5_000)
  assert.equal(turns.isVisited(), false)
  assert.equal(turns.admits(MORE), true)
  for (let second = 0; second < 60; second++) {
    assert.equal(turns.admits(MORE), true)
    clock.advance(1_000)
  }
  assert.equal(turns.admits(LESS), true)
})

/** A node with a thousand agents dies and comes back: they all go elsewhere at once, and nobody else notices. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Faithful } from './support/beating.ts'
import { agentsCalled, registerAll } from './support/crowd.ts'
import { Cluster } from './support/node-process.ts'
import { stretched, until } from './support/wait.ts'
import { Witness } from './support/witness.ts'

const SECOND = 1_000
const INTERVAL_MS = 5 * SECOND
/** How much later than its interval a beat may be answered while a thousand others arrive. */
const LATE_MS = 2 * SECOND
const CROWD = 1_000

const CALM: readonly string[] = [
  'heartbeat.interval_seconds=5',
  'heartbeat.inactive_threshold_seconds=20',
  'heartbeat.max_clock_skew_seconds=3',
  'heartbeat.restart_grace_seconds=15',
  'sync.interval_seconds=2',
]

let cluster: Cluster
const beating: Faithful[] = []

before(async () => {
  cluster = await Cluster.start(2, CALM)
})

after(async () => {
  await Promise.all(beating.map((agent) => agent.stop()))
  await cluster?.stop()
})

const living = async (name: string, count: number, urls: readonly string[]): Promise<readonly Faithful[]> => {
  const agents = agentsCalled(name, count)
  const registrations = agents.map((agent) => ({ id: agent.id, body: agent.registration() }))
  assert.deepEqual(await registerAll(urls[0] ?? '', registrations), [])
  const started = agents.map((agent) => new Faithful(agent, urls))
  beating.push(...started)
  await until(30 * SECOND, `a beat of each ${name}`, async () => started.every(({ acks }) => acks > 0))
  return started
}

test(`Mass false death, L5: a node with ${CROWD} agents is killed and started again: the beats of the others stay on time, and nobody is inactive`, async (t) => {
  const [dying, other] = cluster.nodes
  assert.ok(dying && other)
  const crowd = await living('crowd', CROWD, [dying.url, other.url])
  const others = await living('other', 20, [other.url])
  const witness = new Witness([other])
  const gaps: number[] = []
  for (const { session } of others) {
    let lastMs = performance.now()
    session.on('acked', () => {
      gaps.push(performance.now() - lastMs)
      lastMs = performance.now()
    })
  }
  const before = crowd.map(({ acks }) => acks)
  const diedMs = performance.now()
  await dying.kill('SIGKILL')
  await dying.start()
  await until(60 * SECOND, 'two beats of each, somewhere', async () =>
    crowd.every(({ acks }, at) => acks >= (before[at] ?? 0) + 2),
  )
  t.diagnostic(
    `all ${CROWD} beat on ${((performance.now() - diedMs) / SECOND).toFixed(1)} s after the death of their node`,
  )
  const worstMs = Math.max(...gaps)
  t.diagnostic(`the longest wait of the others between two answers was ${(worstMs / SECOND).toFixed(1)} s`)
  assert.ok(gaps.length >= others.length)
  assert.ok(worstMs <= INTERVAL_MS + stretched(LATE_MS), `${worstMs.toFixed(0)} ms`)
  witness.neverInactive([...crowd, ...others].map(({ agent }) => agent.id))
  await witness.stop()
})

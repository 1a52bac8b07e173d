/**
 * Who is shown alive while nodes restart, stop, hang and die, and while entities move between them (L4–L8). The event feed
 * of every node is the witness: it would tell of an entity that was inactive for a millisecond.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { type Beating, Faithful, moreBeats, Pinned, Roamer } from './support/beating.ts'
import { areEqual, stateOf } from './support/cluster-view.ts'
import { agentsCalled } from './support/crowd.ts'
import { NativeSession } from './support/native-agent.ts'
import { Cluster, type NodeProcess } from './support/node-process.ts'
import { stretched, until } from './support/wait.ts'
import { Witness } from './support/witness.ts'
import { search, type ZyndAgent } from './support/zynd-agent.ts'

const INTERVAL_MS = 1_000
const THRESHOLD_MS = 10_000
/** A node tells its peers that it lives this often; so long before its death it may have been heard last (L6). */
const STATUS_MS = 2_000
const NAMES = ['node-0', 'node-1', 'node-2']

let cluster: Cluster
let a: NodeProcess
let b: NodeProcess
let c: NodeProcess
let urls: readonly string[]
let witness: Witness
/** On the move all the time, whatever is done to the nodes. */
let roamers: readonly Roamer[] = []
let beating: Beating[] = []

before(async () => {
  cluster = await Cluster.start(3)
  ;[a, b, c] = [cluster.node(0), cluster.node(1), cluster.node(2)]
  urls = cluster.nodes.map((node) => node.url)
  witness = new Witness(cluster.nodes)
  const agents = await registered('roamer', 3)
  roamers = agents.map((agent, at) => new Roamer(agent, [...urls.slice(at), ...urls.slice(0, at)], 2 ** at))
})

afterEach(async () => {
  await Promise.all(beating.map((one) => one.stop()))
  beating = []
})

after(async () => {
  await Promise.all(roamers.map((one) => one.stop()))
  await witness?.stop()
  await cluster?.stop()
})

/** Agents that every node knows. */
const registered = async (name: string, count: number): Promise<ZyndAgent[]> => {
  const agents = agentsCalled(name, count)
  for (const agent of agents) assert.equal((await agent.register(a.url)).status, 201)
  await until(5_000, `${name} everywhere`, async () => {
    return witness.of(idsOf(agents), 'registered').length === count * cluster.nodes.length
  })
  return agents
}

const idsOf = (agents: readonly ZyndAgent[]): string[] => agents.map(({ id }) => id)
const agentsOf = (many: readonly Beating[]): ZyndAgent[] => many.map(({ agent }) => agent)

/** Starts agents that are cut off when the test ends, and resolves once every node shows all of them active. */
const alive = async <T extends Beating>(started: readonly T[]): Promise<readonly T[]> => {
  beating.push(...started)
  await activeEverywhere(agentsOf(started))
  return started
}

const activeEverywhere = async (agents: readonly ZyndAgent[], nodes = urls): Promise<void> => {
  await until(10_000, 'active everywhere', async () => {
    const statuses = await Promise.all(nodes.flatMap((url) => agents.map((agent) => agent.status(url))))
    return statuses.every((status) => status === 'active')
  })
}

/** Six agents whose home is `node`: two know no other, four fail over. */
const household = async (
  name: string,
  node: NodeProcess,
): Promise<{ pinned: readonly Pinned[]; faithful: readonly Faithful[] }> => {
  const agents = await registered(name, 6)
  const home = [node.url, ...urls.filter((url) => url !== node.url)]
  const pinned = agents.slice(0, 2).map((agent) => new Pinned(agent, node))
  const faithful = agents.slice(2).map((agent) => new Faithful(agent, home))
  await alive<Beating>([...pinned, ...faithful])
  return { pinned, faithful }
}

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`L5: nobody who beats becomes inactive, on any node, when a node restarts after ${signal}`, async () => {
    const { pinned, faithful } = await household(`restart-${signal}`, a)
    const all = [...pinned, ...faithful]
    await a.kill(signal)
    await a.start()
    await moreBeats(all, 3)
    await activeEverywhere(agentsOf(all))
    witness.neverInactive(idsOf(agentsOf(all)))
  })
}

test('Mass false death, L4: a node that is stopped for less than the threshold costs nobody a transition', async () => {
  const { pinned, faithful } = await household('suspended', b)
  b.signal('SIGSTOP')
  try {
    await until(THRESHOLD_MS, 'suspect on its peers', async () => {
      const states = await Promise.all([a, c].map((node) => stateOf(node.url, b.nodeId)))
      return states.every((state) => state === 'suspect')
    })
  } finally {
    b.signal('SIGCONT')
  }
  const all = [...pinned, ...faithful]
  await moreBeats(all, 3)
  await activeEverywhere(agentsOf(all))
  witness.neverInactive(idsOf(agentsOf(all)))
})

test('Mass false death, L4, L6: stopped for longer, it wakes to no death of its own; what its peers concluded ends with the next beats', async (t) => {
  const { pinned, faithful } = await household('hung', b)
  const ids = idsOf(agentsOf(pinned))
  b.signal('SIGSTOP')
  try {
    await until(2 * THRESHOLD_MS, 'gone for its peers', async () => {
      const states = await Promise.all([a, c].map((node) => stateOf(node.url, b.nodeId)))
      return states.every((state) => state === 'gone')
    })
    await until(5_000, 'its silent entities inactive there', async () => witness.of(ids, 'inactive').length === 4)
    await moreBeats(faithful, 1)
  } finally {
    b.signal('SIGCONT')
  }
  const woken = performance.now()
  await until(3 * STATUS_MS, 'active again everywhere', async () => witness.of(ids, 'active').length === 3 * 2 + 4)
  t.diagnostic(`active again on the peers ${(performance.now() - woken).toFixed(0)} ms after it woke`)
  await moreBeats([...pinned, ...faithful], 2)
  assert.deepEqual(
    witness
      .of(ids, 'inactive')
      .map(({ node, reason }) => `${node} ${reason}`)
      .sort(),
    ['node-0 attendant_gone', 'node-0 attendant_gone', 'node-2 attendant_gone', 'node-2 attendant_gone'],
  )
  await activeEverywhere(agentsOf(pinned))
  witness.neverInactive(idsOf(agentsOf(faithful)))
})

test('L8: of two native sessions with one key the older ends with 4409, on one node and across nodes', async () => {
  const [agent] = await registered('twice', 1)
  assert.ok(agent)
  const [oldest] = await alive([new Faithful(agent, urls)])
  assert.ok(oldest)
  const newer = await NativeSession.open(a.url, [agent])
  await newer.beat(agent)
  const end = await until(2_000, 'the end of the older session', () =>
    Promise.race([oldest.session.stopped, undefined]),
  )
  assert.equal(end.value.closeCode, 4409)

  const newest = await NativeSession.open(b.url, [agent])
  await newest.beat(agent)
  assert.deepEqual(await newer.socket.closed(2_000), { code: 4409, reason: 'superseded' })
  for (let i = 0; i < 3; i++) assert.equal((await newest.beat(agent)).status, 'active')
  assert.ok(newest.socket.isOpen)
  await activeEverywhere([agent])
  witness.neverInactive([agent.id])
  await newest.socket.close()
})

test('L8: two Zynd processes with one key are left alone, noticed and shown, and move the entity only now and then', async (t) => {
  const [agent] = await registered('twin', 1)
  assert.ok(agent)
  const twins = await alive([new Pinned(agent, a), new Pinned(agent, b)])
  const started = performance.now()
  await until(10_000, 'shown as duplicate', async () => {
    const shown = await Promise.all([a, b].map(async ({ url }) => (await agent.get(url)).body.duplicate_instance))
    return shown.includes(true)
  })
  t.diagnostic(`noticed after ${(performance.now() - started).toFixed(0)} ms`)
  const told = cluster.nodes.flatMap(({ log }) =>
    log.filter((line) => line.includes('two processes beat with one key')),
  )
  assert.ok(told.some((line) => line.includes(agent.id) && line.includes('"address":"127.0.0.1"')))
  const [movesBefore, sinceMs] = [witness.of([agent.id], 'moved').length, performance.now()]
  await moreBeats(twins, 10)
  const windows = (performance.now() - sinceMs) / (2 * INTERVAL_MS)
  const moves = (witness.of([agent.id], 'moved').length - movesBefore) / NAMES.length
  t.diagnostic(`${moves} moves in ${windows.toFixed(1)} times two intervals`)
  assert.ok(moves <= windows + 1, `${moves} moves`)
  witness.neverInactive([agent.id])
})

test('L7: a node that stops tells its sessions where to go and closes them with 1001; nobody is inactive for it', async () => {
  const { pinned, faithful } = await household('moving', c)
  const [agent] = await registered('told', 1)
  assert.ok(agent)
  const session = await NativeSession.open(c.url, [agent])
  await session.beat(agent)
  const stopped = c.kill('SIGTERM')
  const moved = await session.socket.nextOf('moved')
  assert.deepEqual([...listing(moved)].sort(), [a.url, b.url].sort())
  assert.deepEqual(await session.socket.closed(), { code: 1001, reason: 'going_away' })
  const elsewhere = await NativeSession.open(String(listing(moved)[0]), [agent])
  await elsewhere.beat(agent)
  await moreBeats(faithful, 3)
  assert.equal(await stopped, 0)
  await c.start()
  const all = [...pinned, ...faithful]
  await moreBeats(all, 1)
  await activeEverywhere(agentsOf(all))
  witness.neverInactive([agent.id, ...idsOf(agentsOf(all))])
  await elsewhere.socket.close()
})

const listing = ({ nodes }: Readonly<Record<string, unknown>>): readonly unknown[] =>
  Array.isArray(nodes) ? nodes : []

test('The registrar dies, L7: through all of this, entities that changed nodes all the time were never inactive on any node', async (t) => {
  await moreBeats(roamers, 3)
  t.diagnostic(`moves: ${roamers.map(({ moves }) => moves).join(', ')}`)
  await activeEverywhere(agentsOf(roamers))
  witness.neverInactive(idsOf(agentsOf(roamers)))
})

test('The registrar dies, L6: the silent entities of a node that died leave search after the threshold, not before, and once; the others never', async (t) => {
  const { pinned, faithful } = await household('bereft', c)
  const ids = idsOf(agentsOf(pinned))
  const survivors = [a, b]
  await c.kill('SIGKILL')
  const diedMs = performance.now()
  const found = async (): Promise<boolean[]> => {
    const answers = await Promise.all(survivors.map(({ url }) => search(url, { query: 'bereft', max_results: 100 })))
    return answers.flatMap((hits) => ids.map((id) => hits.includes(id)))
  }
  const first = await until(2 * THRESHOLD_MS, 'the first left search', async () => (await found()).includes(false))
  const last = await until(THRESHOLD_MS, 'all left search', async () => !(await found()).includes(true))
  const lastMs = first.tookMs + last.tookMs
  t.diagnostic(`left search ${first.tookMs.toFixed(0)} to ${lastMs.toFixed(0)} ms after the death of their node`)
  assert.ok(first.tookMs >= THRESHOLD_MS - STATUS_MS, `${first.tookMs} ms`)
  assert.ok(lastMs <= stretched(THRESHOLD_MS + 1_500), `${lastMs} ms`)
  for (const { atMs } of witness.of(ids, 'inactive')) assert.ok(atMs - diedMs >= THRESHOLD_MS - STATUS_MS)

  await moreBeats(faithful, 2)
  await c.start()
  await moreBeats([...pinned, ...faithful], 2)
  await activeEverywhere(agentsOf(pinned))
  const gone = witness.of(ids, 'inactive').filter(({ node }) => node !== c.name)
  assert.deepEqual(gone.map(({ node, reason }) => `${node} ${reason}`).sort(), [
    'node-0 attendant_gone',
    'node-0 attendant_gone',
    'node-1 attendant_gone',
    'node-1 attendant_gone',
  ])
  // What the returned node says of the time before it asked its peers is its own, old knowledge (L5).
  const elsewhere = idsOf([...agentsOf(faithful), ...agentsOf(roamers)])
  witness.neverInactive(
    elsewhere,
    survivors.map(({ name }) => name),
  )
  await activeEverywhere([...agentsOf(faithful), ...agentsOf(roamers)])
})

test('S3: after all of this the nodes hold the same, and tell of no fault of their own', async () => {
  await until(10_000, 'equal digests', () => areEqual(urls))
  for (const node of cluster.nodes) assert.deepEqual(node.faults, [])
})

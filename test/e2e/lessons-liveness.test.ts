/**
 * What brought other registries down, tried on node processes with real clients: signs of life that are none, old
 * connections that end late, refusals that ran all the same, and a whole cluster that restarts. Meanwhile a cluster of its
 * own does nothing but live.
 */
import assert from 'node:assert/strict'
import { after, afterEach, before, test } from 'node:test'
import { HEARTBEAT_BACKOFF } from '@rollcall/client'
import { Faithful } from './support/beating.ts'
import { areEqual } from './support/cluster-view.ts'
import { agentsCalled, inParallel } from './support/crowd.ts'
import { Gate } from './support/gate.ts'
import { beatCounts, metricsOf } from './support/metrics.ts'
import { NativeSession } from './support/native-agent.ts'
import { Cluster, FAST, type NodeProcess } from './support/node-process.ts'
import { until } from './support/wait.ts'
import { Witness } from './support/witness.ts'
import { call, search, type ZyndAgent } from './support/zynd-agent.ts'

const SECOND = 1_000

/** A beat twice a second, and what follows from a threshold of so many seconds (L11). */
const brisk = (thresholdSeconds: number, skewSeconds: number): readonly string[] => [
  'heartbeat.interval_seconds=0.5',
  `heartbeat.inactive_threshold_seconds=${thresholdSeconds}`,
  `heartbeat.max_clock_skew_seconds=${skewSeconds}`,
  'heartbeat.sweep_interval_seconds=1',
  'heartbeat.restart_grace_seconds=3',
  `limits.socket_idle_seconds=${thresholdSeconds + 1}`,
  'sync.interval_seconds=1',
]

/** Short enough for twenty thresholds to pass while the other tests run. */
const QUIET_THRESHOLD_MS = 3 * SECOND
const QUIET = brisk(3, 0.6)
const THRESHOLD_MS = 5 * SECOND
const BRISK = brisk(5, 1.3)

const joined = async (size: number, settings: readonly string[]): Promise<Cluster> => {
  const cluster = await Cluster.start(size, settings)
  const urls = cluster.nodes.map(({ url }) => url)
  await until(10 * SECOND, 'equal digests', () => areEqual(urls))
  return cluster
}

let quiet: Cluster
let quietWitness: Witness
let quietAgents: readonly Faithful[] = []
let quietSinceMs = 0
const clusters: Cluster[] = []
/** Ended after each test, however that ends: a session that goes on trying would keep the process. */
let beating: Faithful[] = []

/** Agents that every one of these nodes knows. */
const registered = async (nodes: readonly NodeProcess[], name: string, count = 1): Promise<readonly ZyndAgent[]> => {
  const agents = agentsCalled(name, count)
  const [first] = nodes
  for (const agent of agents) assert.equal((await agent.register(first?.url ?? '')).status, 201)
  for (const agent of agents) await shown(nodes, agent, 'inactive')
  return agents
}

const shown = async (
  nodes: readonly NodeProcess[],
  agent: ZyndAgent,
  status: unknown,
  withinMs: number = 10 * SECOND,
): Promise<void> => {
  await until(withinMs, `${agent.name} ${status} everywhere`, async () => {
    const all = await Promise.all(nodes.map(({ url }) => agent.status(url)))
    return all.every((one) => one === status)
  })
}

before(async () => {
  quiet = await joined(2, QUIET)
  clusters.push(quiet)
  const agents = await registered(quiet.nodes, 'quiet', 2)
  quietAgents = agents.map((agent, at) => new Faithful(agent, [quiet.node(at).url]))
  for (const agent of agents) await shown(quiet.nodes, agent, 'active')
  quietWitness = new Witness(quiet.nodes)
  quietSinceMs = performance.now()
})

afterEach(async () => {
  await Promise.all(beating.map((agent) => agent.stop()))
  beating = []
})

after(async () => {
  await Promise.all(quietAgents.map((agent) => agent.stop()))
  await quietWitness?.stop()
  for (const cluster of clusters) await cluster.stop()
})

const beats = (agent: ZyndAgent, urls: readonly string[]): Faithful => {
  const faithful = new Faithful(agent, urls)
  beating.push(faithful)
  return faithful
}

const withCluster = async (
  size: number,
  settings: readonly string[],
  run: (cluster: Cluster, witness: Witness) => Promise<void>,
): Promise<void> => {
  const cluster = await joined(size, settings)
  clusters.push(cluster)
  const witness = new Witness(cluster.nodes)
  try {
    await run(cluster, witness)
  } finally {
    await witness.stop()
    await cluster.stop()
  }
}

/** A native session whose client answers no ping. */
const muted = async (url: string, agent: ZyndAgent): Promise<NativeSession> => {
  const session = await NativeSession.open(url, [agent])
  // The library answers pings by itself; a client that hangs does not.
  Object.defineProperty(session.socket.ws, 'pong', { value: () => undefined })
  return session
}

test('Liveness that lies: any frame keeps a socket, only a valid beat keeps an entity; the next one revives it, on disk too; a close keeps its time', async () => {
  await withCluster(2, BRISK, async ({ nodes }, witness) => {
    const [a] = nodes
    assert.ok(a)
    const [lives, chats, mute] = await registered(nodes, 'signs', 3)
    assert.ok(lives && chats && mute)
    const living = beats(lives, [a.url])
    const [talk, silence] = [await NativeSession.open(a.url, [chats]), await muted(a.url, mute)]
    const timeMs = Date.now()
    const captured = talk.frame(chats, { timeMs })
    talk.socket.send(captured)
    await talk.socket.nextOf('ack')
    await silence.beat(mute, timeMs)
    for (const agent of [lives, chats, mute]) await shown(nodes, agent, 'active')
    // Frames of every kind that are no new beat: the same one again, and one that nobody signed.
    const chatter = setInterval(() => {
      talk.socket.send(captured)
      talk.socket.send(talk.frame(chats, { signer: mute }))
    }, 200)
    try {
      assert.deepEqual(await silence.socket.closed(3 * THRESHOLD_MS), { code: 4408, reason: 'idle' })
      for (const agent of [chats, mute]) await shown(nodes, agent, 'inactive')
    } finally {
      clearInterval(chatter)
    }
    assert.ok(talk.socket.isOpen)
    witness.neverInactive([lives.id])
    for (const agent of [chats, mute]) {
      for (const { url } of nodes) {
        const { body } = await agent.get(url)
        assert.equal(Date.parse(String(body.last_heartbeat)), timeMs, 'the time of its last beat, and no other')
      }
    }
    const backMs = Date.now()
    let back = await talk.beat(chats, backMs)
    // Its earlier frames were answered, too.
    while (back.timestamp_ms !== backMs) back = await talk.socket.nextOf('ack')
    assert.equal(back.status, 'active')
    assert.equal(await chats.status(a.url), 'active')
    await living.stop()
    await a.kill('SIGKILL')
    await a.start()
    assert.equal(await chats.status(a.url), 'active', 'as it is on disk')
    assert.equal(Date.parse(String((await chats.get(a.url)).body.last_heartbeat)), backMs)
  })
})

test('Fencing, L7, L8: on node processes, the older connection ends late, also with the link between the nodes slow', async () => {
  const cluster = await joined(1, BRISK)
  clusters.push(cluster)
  const a = cluster.node(0)
  const gate = await Gate.before(Number(/\/tcp\/(\d+)\//.exec(a.mesh)?.[1]))
  gate.open()
  const b = await cluster.add({ join: [`/ip4/127.0.0.1/tcp/${gate.port}/ws`] })
  await b.ready()
  const witness = new Witness(cluster.nodes)
  const agents = await registered(cluster.nodes, 'fenced', 2)
  const older = await Promise.all(agents.map((agent) => NativeSession.open(a.url, [agent])))
  for (const [i, agent] of agents.entries()) await older[i]?.beat(agent)
  for (const agent of agents) await shown(cluster.nodes, agent, 'active')
  gate.delayMs = 1_200
  // One comes back to the same node, the other to the node that hears of everything late.
  const newer = await Promise.all(agents.map((agent, i) => NativeSession.open([a, b][i]?.url ?? '', [agent])))
  const beat = async (): Promise<void> => {
    for (const [i, agent] of agents.entries()) assert.equal((await newer[i]?.beat(agent))?.status, 'active')
  }
  await beat()
  for (const session of older) if (session.socket.isOpen) session.socket.ws.close()
  const sinceMs = performance.now()
  await until(10 * THRESHOLD_MS, 'two thresholds of beats', async () => {
    await beat()
    return performance.now() - sinceMs > 2 * THRESHOLD_MS
  })
  for (const agent of agents) await shown(cluster.nodes, agent, 'active')
  for (const [i, agent] of agents.entries()) {
    for (const { url } of cluster.nodes) assert.equal((await agent.get(url)).body.attendant, [a, b][i]?.nodeId)
  }
  witness.neverInactive(agents.map(({ id }) => id))
  for (const { socket } of newer) assert.ok(socket.isOpen)
  await witness.stop()
  await cluster.stop()
  gate.stop()
})

test('A 503 that then ran: of the registrations a stopping node is given, those answered 201 are there and those answered 503 never are', async (t) => {
  await withCluster(2, FAST, async ({ nodes }) => {
    const [other, stopping] = nodes
    assert.ok(other && stopping)
    const answers = new Map<ZyndAgent, number>()
    for (let round = 0; round < 5 && ![...answers.values()].includes(503); round++) {
      const { url } = stopping
      let stopped: Promise<number | null> | undefined
      await inParallel(agentsCalled(`stopping-${round}`, 400), 40, async (agent) => {
        const attempt = call(`${url}/v1/entities`, { method: 'POST', body: agent.registration() })
        if (answers.size > 100 + 400 * round) stopped ??= stopping.kill('SIGTERM')
        // A connection that is refused or cut says nothing about the act: 0.
        answers.set(
          agent,
          await attempt.then(
            ({ status }) => status,
            () => 0,
          ),
        )
      })
      assert.equal(await stopped, 0)
      await stopping.start()
      await stopping.ready()
    }
    const of = (status: number): ZyndAgent[] =>
      [...answers].filter((each) => each[1] === status).map(([agent]) => agent)
    const [created, refused, unknown] = [of(201), of(503), of(0)]
    t.diagnostic(`${created.length} times 201, ${refused.length} times 503, ${unknown.length} without an answer`)
    assert.equal(created.length + refused.length + unknown.length, answers.size)
    assert.ok(created.length > 0 && refused.length > 0)
    await until(10 * SECOND, 'equal digests', () => areEqual(nodes.map(({ url }) => url)))
    for (const { url } of nodes) {
      for (const agent of created) assert.equal(await agent.status(url), 'inactive')
      for (const agent of refused) assert.equal(await agent.status(url), 404)
    }
  })
})

test('Mass restart, L5, T1: all processes ended at once and started in another order, twice: the truth survives', async () => {
  await withCluster(3, FAST, async ({ nodes }) => {
    const urls = nodes.map(({ url }) => url)
    const [first = '', second = ''] = urls
    const [alive, left, dead, reborn] = await registered(nodes, 'truth', 4)
    assert.ok(alive && left && dead && reborn)
    const sessions = [alive, left, dead, reborn].map((agent) => beats(agent, urls))
    for (const agent of [alive, left, dead, reborn]) await shown(nodes, agent, 'active')
    // The deaths come after the lives on one clock, and before them on another: only the order of the acts may count.
    await sessions[1]?.session.stop({ goodbye: true })
    assert.equal((await dead.deregister(first)).status, 200)
    assert.equal((await reborn.deregister(second)).status, 200)
    for (const agent of [dead, reborn]) await shown(nodes, agent, 404)
    assert.equal((await reborn.register(first)).status, 201)
    await shown(nodes, reborn, 'inactive')
    beats(reborn, urls)
    await shown(nodes, reborn, 'active')
    for (const [order, signals] of [
      [
        [2, 0, 1],
        ['SIGKILL', 'SIGKILL', 'SIGKILL'],
      ],
      [
        [1, 2, 0],
        ['SIGTERM', 'SIGKILL', 'SIGKILL'],
      ],
    ] as const) {
      await Promise.all(nodes.map((node, at) => node.kill(signals[at])))
      for (const at of order) await nodes[at]?.start()
      for (const node of nodes) await node.ready()
      // For so long a client may stay away that found every node down, several times.
      for (const agent of [alive, reborn]) await shown(nodes, agent, 'active', HEARTBEAT_BACKOFF.capMs)
      await shown(nodes, left, 'inactive')
      await shown(nodes, dead, 404)
      await until(10 * SECOND, 'equal digests', () => areEqual(urls))
      for (const url of urls) {
        const hits = await search(url, { query: 'truth', status: 'any', max_results: 10 })
        assert.deepEqual(hits.sort(), [alive.id, left.id, reborn.id].sort())
      }
    }
  })
})

test('Liveness that lies, L3: over twenty thresholds of nothing but beats no entity has a transition and no node closes a socket', async (t) => {
  const sessions = quietAgents.map(({ session }) => session)
  await until(
    25 * QUIET_THRESHOLD_MS,
    'twenty thresholds',
    async () => performance.now() - quietSinceMs > 20 * QUIET_THRESHOLD_MS,
  )
  t.diagnostic(`${quietAgents.map(({ acks }) => acks).join(' and ')} beats acknowledged`)
  const told = quietWitness.of(quietAgents.map(({ agent }) => agent.id))
  assert.deepEqual(
    told.filter(({ type }) => type !== 'registered' && type !== 'active'),
    [],
  )
  // What a feed holds of the time before: each became active once, on each of the two nodes.
  assert.equal(told.filter(({ type }) => type === 'active').length, 2 * quietAgents.length)
  for (const { agent } of quietAgents) await shown(quiet.nodes, agent, 'active')
  for (const { url } of quiet.nodes) {
    // On a machine that is busy with other things a beat may be later than the short skew of this cluster.
    const { accepted, skew: _, ...refused } = await beatCounts(url)
    assert.ok((accepted ?? 0) > 0)
    assert.deepEqual(refused, {})
    const closes = [...(await metricsOf(url))].filter(([name]) => name.startsWith('rollcall_session_closes_total'))
    assert.deepEqual(closes, [])
  }
  for (const session of sessions) assert.equal(await Promise.race([session.stopped, undefined]), undefined)
})

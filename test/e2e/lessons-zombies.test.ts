/**
 * A node is away while entities are deregistered, for less than the retention, exactly so long and ten times as long, and
 * comes back with what it held. Every old request and beat is handed in again, everywhere.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { areEqual, selfOf } from './support/cluster-view.ts'
import { NativeSession, nativeAct, nativeProfile } from './support/native-agent.ts'
import { Cluster, type NodeProcess } from './support/node-process.ts'
import { until } from './support/wait.ts'
import { call, type Reply, search, ZyndAgent } from './support/zynd-agent.ts'

const SECOND = 1_000
const RETENTION_MS = 2_500

/** A retention that can be waited for ten times; a node that is away for longer than it is waited for no more. */
const SHORT: readonly string[] = [
  'heartbeat.interval_seconds=0.5',
  'heartbeat.inactive_threshold_seconds=5',
  'heartbeat.max_clock_skew_seconds=1.2',
  'heartbeat.sweep_interval_seconds=0.3',
  'heartbeat.restart_grace_seconds=1',
  'sync.interval_seconds=0.5',
  `tombstone.retention_seconds=${RETENTION_MS / SECOND}`,
  `tombstone.forget_after_seconds=${RETENTION_MS / SECOND}`,
]

let cluster: Cluster
let nodes: readonly NodeProcess[] = []
/** Every request of every agent so far, with its bytes. */
const sent: { readonly method: string; readonly path: string; readonly body: string }[] = []
/** Every beat so far, and whose it is. */
const beats: { readonly id: string; readonly frame: string }[] = []

before(async () => {
  cluster = await Cluster.start(3, SHORT)
  nodes = cluster.nodes
})

after(() => cluster?.stop())

const urls = (): string[] => nodes.map(({ url }) => url)

const everywhere = (agent: ZyndAgent, status: unknown): Promise<unknown> =>
  until(10 * SECOND, `${agent.name} ${status} everywhere`, async () =>
    (await Promise.all(urls().map((url) => agent.status(url)))).every((one) => one === status),
  )

/** A native act, kept for later. */
const act = (url: string, agent: ZyndAgent, kind: 'register' | 'update' | 'deregister'): Promise<Reply> => {
  const about = kind === 'register' ? nativeProfile(agent) : { entity_id: agent.id }
  const body = nativeAct(agent, kind, { body: { ...about, ...(kind === 'update' ? { summary: 'Changed.' } : {}) } })
  const method = { register: 'POST', update: 'PUT', deregister: 'DELETE' }[kind]
  const path = kind === 'register' ? '/v1/entities' : `/v1/entities/${agent.id}`
  sent.push({ method, path, body })
  return call(url + path, { method, body })
}

/** Beats once at a node and keeps the frame. */
const beat = async (url: string, agent: ZyndAgent): Promise<void> => {
  const session = await NativeSession.open(url, [agent])
  const frame = session.frame(agent)
  beats.push({ id: agent.id, frame })
  session.socket.send(frame)
  assert.equal((await session.socket.nextOf('ack')).status, 'active')
  await session.socket.close()
}

/** Hands everything old to every node; nothing of it may be taken. */
const replayAll = async (): Promise<void> => {
  for (const { url } of nodes) {
    const answers = await Promise.all(sent.map(({ method, path, body }) => call(url + path, { method, body })))
    const taken = answers.filter(({ status }) => status < 400)
    assert.deepEqual(taken, [], `taken at ${url}`)
    for (const { id, frame } of beats) {
      const session = await NativeSession.challenged(url)
      // A node that still holds the entity welcomes it; its old beat was made for another session and counts for nothing.
      session.hello([id])
      session.socket.send(frame)
      await session.socket.nextError()
      session.socket.ws.terminate()
    }
  }
}

for (const [words, times] of [
  ['less than', 0.5],
  ['exactly', 1],
  ['ten times', 10],
] as const) {
  test(`Zombies, T2, T3: deregistered while a node is away for ${words} the retention, nothing comes back whatever is replayed, and a new registration works`, async (t) => {
    const [here, there, away] = nodes
    assert.ok(here && there && away)
    const agent = new ZyndAgent(`zombie ${words}`)
    assert.equal((await act(here.url, agent, 'register')).status, 201)
    await everywhere(agent, 'inactive')
    assert.equal((await act(there.url, agent, 'update')).status, 200)
    await beat(away.url, agent)
    await everywhere(agent, 'active')
    await until(10 * SECOND, 'equal digests', () => areEqual(urls()))

    await away.kill('SIGKILL')
    const sinceMs = performance.now()
    assert.equal((await act(here.url, agent, 'deregister')).status, 200)
    await until(5 * SECOND, 'deregistered there', async () => (await agent.status(there.url)) === 404)
    await until(15 * RETENTION_MS, 'its absence', async () => performance.now() - sinceMs >= times * RETENTION_MS)
    const { tombstones, graves } = (await selfOf(there.url)).entities
    t.diagnostic(
      `away for ${((performance.now() - sinceMs) / SECOND).toFixed(1)} s: ${tombstones} tombstones, ${graves} graves`,
    )
    if (times === 10) assert.ok(graves > 0, 'the evidence of its death is purged')
    await away.start()
    // Also while it still holds what it held when it went.
    await replayAll()
    await everywhere(agent, 404)
    await until(10 * SECOND, 'equal digests', () => areEqual(urls()))
    await replayAll()
    await everywhere(agent, 404)
    for (const url of urls()) assert.deepEqual(await search(url, { query: agent.name, status: 'any' }), [])

    assert.equal((await act(away.url, agent, 'register')).status, 201)
    await everywhere(agent, 'inactive')
    await beat(there.url, agent)
    await everywhere(agent, 'active')
    assert.equal((await act(away.url, agent, 'deregister')).status, 200)
    await everywhere(agent, 404)
  })
}

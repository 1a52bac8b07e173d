/** Nodes that were not there: one that begins with nothing (S4), and one that missed what happened while it was down (S1). */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { HeartbeatSession } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { areEqual, selfOf } from './support/cluster-view.ts'
import { agentsCalled, inParallel, listed, registerAll, signRegistrations } from './support/crowd.ts'
import { Gate } from './support/gate.ts'
import { Cluster, type NodeProcess } from './support/node-process.ts'
import { stretched, until } from './support/wait.ts'
import { call, ZyndAgent } from './support/zynd-agent.ts'

const ENTITIES = 2_000
const ACTIVE = 500
const DEREGISTERED = 300
const MISSED_WRITES = 500
const PER_SESSION = 250
const JOIN_MS = 5_000
const SETTINGS = ['sync.interval_seconds=2', 'limits.registrations_per_address_per_minute=0']

const agents = agentsCalled('early', ENTITIES)
const active = agents.slice(0, ACTIVE)
const ended = agents.slice(-DEREGISTERED)
const sessions: HeartbeatSession[] = []
let cluster: Cluster
let a: NodeProcess
let b: NodeProcess
let gate: Gate | undefined

before(async () => {
  cluster = await Cluster.start(2, SETTINGS)
  a = cluster.node(0)
  b = cluster.node(1)
  const bodies = agents.map((agent) => ({ id: agent.id, body: agent.registration() }))
  const [forA, forB] = [bodies.slice(0, ENTITIES / 2), bodies.slice(ENTITIES / 2)]
  const refused = await Promise.all([registerAll(a.url, forA), registerAll(b.url, forB)])
  assert.deepEqual(refused.flat(), [])
  for (let at = 0; at < ACTIVE; at += PER_SESSION) {
    const entities = active.slice(at, at + PER_SESSION)
    const session = new HeartbeatSession({ registries: [a.url, b.url], entities, WebSocket: nodeWebSocket })
    sessions.push(session)
    session.start()
  }
  await until(10_000, 'everybody active', async () => (await selfOf(b.url)).entities.active === ACTIVE)
  await inParallel(ended, 50, async (agent) => assert.equal((await agent.deregister(b.url)).status, 200))
  await until(10_000, 'two equal nodes', () => areEqual([a.url, b.url]))
})

after(async () => {
  gate?.stop()
  await Promise.all(sessions.map((session) => session.stop({ goodbye: false })))
  await cluster?.stop()
})

const HELD = { active: ACTIVE, inactive: ENTITIES - ACTIVE - DEREGISTERED, tombstones: DEREGISTERED, graves: 0 }

test('S4: an empty node takes nothing before its first complete sync, and has everything within 5 s of joining', async (t) => {
  const port = Number(/\/tcp\/(\d+)\//.exec(a.mesh)?.[1])
  gate = await Gate.before(port)
  const late = await cluster.add({ join: [a.mesh.replace(`/tcp/${port}/`, `/tcp/${gate.port}/`)] })

  const newcomer = new ZyndAgent('too-early')
  const refusals = await Promise.all([
    call(`${late.url}/ready`),
    newcomer.register(late.url),
    active[0]?.update(late.url, { summary: 'No.' }),
    active[0]?.deregister(late.url),
    call(`${late.url}/v1/entities`),
    call(`${late.url}/v1/search`),
    active[0]?.get(late.url),
  ])
  assert.deepEqual(
    refusals.map((reply) => `${reply?.status} ${reply?.body.error}`),
    refusals.map(() => '503 node_not_ready'),
  )
  assert.equal((await call(`${late.url}/health`)).status, 200, 'not ready is not dead')

  gate.open()
  const joinedMs = performance.now()
  let before503 = 0
  await until(JOIN_MS, 'ready', async () => {
    const { status } = await call(`${late.url}/ready`)
    if (status === 503) before503++
    return status === 200
  })
  // Nobody writes meanwhile, so what it held at that moment is all there is.
  const held = await selfOf(late.url)
  const tookMs = performance.now() - joinedMs
  t.diagnostic(`ready ${tookMs.toFixed(0)} ms after the way was open, ${before503} times not ready before`)
  assert.deepEqual(held.entities, HELD)
  assert.ok(await areEqual(cluster.nodes.map((node) => node.url)), 'digests differ')
  assert.ok(tookMs < stretched(JOIN_MS), `${tookMs} ms`)
  assert.equal((await newcomer.register(late.url)).status, 201)
})

test('Divergence between nodes, S4, T1: the late node answers as the others do, for the living and the dead', async () => {
  const late = cluster.node(2)
  await until(5_000, 'equal digests', () => areEqual([late.url, a.url]))
  const [here, there] = await Promise.all([listed(late.url), listed(a.url)])
  assert.equal(here.size, ENTITIES - DEREGISTERED + 1)
  assert.deepEqual(
    [...here].filter(([id, entity]) => entity.status !== there.get(id)?.status),
    [],
  )
  const [living, dead] = [active.at(-1), ended.at(-1)]
  assert.ok(living && dead)
  assert.equal(await living.status(late.url), 'active')
  assert.equal((await dead.get(late.url)).body.error, 'entity_deregistered')
})

test('S1: a node that was killed and missed 500 writes is equal again within 5 s of its return', async (t) => {
  await b.kill('SIGKILL')
  const missed = signRegistrations('missed', MISSED_WRITES - 100)
  assert.deepEqual(await registerAll(a.url, missed), [])
  const quiet = agents.slice(ACTIVE, ACTIVE + 100)
  await inParallel(quiet.slice(0, 50), 25, async (agent) => {
    assert.equal((await agent.update(a.url, { summary: 'While you were away.' })).status, 200)
  })
  await inParallel(quiet.slice(50), 25, async (agent) => assert.equal((await agent.deregister(a.url)).status, 200))

  await b.start()
  assert.equal((await call(`${b.url}/ready`)).status, 200, 'a node with a store serves at once')
  const urls = cluster.nodes.map((node) => node.url)
  const { tookMs } = await until(JOIN_MS, 'equal digests', () => areEqual(urls))
  t.diagnostic(`equal ${tookMs.toFixed(0)} ms after its API was up`)
  assert.equal((await quiet[0]?.get(b.url))?.body.summary, 'While you were away.')
  assert.equal((await quiet.at(-1)?.get(b.url))?.body.error, 'entity_deregistered')
  for (const node of cluster.nodes) assert.deepEqual(node.faults, [])
})

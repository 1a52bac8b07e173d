/**
 * An agent of Python and one of TypeScript over twenty thresholds: through two restarts of the node they beat at and a move
 * to another. The event feed of every node is the witness; a flicker of a millisecond would be in it.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { NodeProcess } from '../e2e/support/node-process.ts'
import { stretched, until } from '../e2e/support/wait.ts'
import { Witness } from '../e2e/support/witness.ts'
import { AgentServer } from './support/agent-server.ts'
import { Nodes } from './support/cluster.ts'
import { fetchCall } from './support/http.ts'
import { PythonAgent } from './support/python-agent.ts'
import { describe as described, FAST_PACE, identityOf } from './support/sdk.ts'
import { RawSocket } from './support/socket.ts'
import { TypeScriptAgent } from './support/typescript-agent.ts'

/**
 * As short as timestamps of whole seconds allow: one is up to a second old when it is sent, so the skew is 1.5 s, and 3 × 1.5 +
 * 2 × 0.5 is the least threshold that a node takes beside it (L11). Longer where the machine is busy.
 */
const THRESHOLD_SECONDS = Math.min(6.5, Math.max(5.5, stretched(2.5)))
const THRESHOLDS = 20
const SETTINGS = [
  'heartbeat.interval_seconds=0.5',
  'heartbeat.max_clock_skew_seconds=1.5',
  'heartbeat.sweep_interval_seconds=1',
  `heartbeat.inactive_threshold_seconds=${THRESHOLD_SECONDS}`,
]
/** Before a socket that says nothing is pinged. */
const PING_AFTER_MS = 30_000

let nodes: Nodes
let witness: Witness

before(async () => {
  nodes = await Nodes.start(3, SETTINGS)
  witness = new Witness(nodes.cluster.nodes)
})

after(async () => {
  await witness?.stop()
  await nodes?.stop()
})

/** A time in which a node did not serve, on the monotonic clock of this process. */
interface Downtime {
  readonly fromMs: number
  readonly toMs: number
}

/** Ends a node and starts it again. */
const restart = async (node: NodeProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<Downtime> => {
  const fromMs = performance.now()
  await node.kill(signal)
  await node.start()
  return { fromMs, toMs: performance.now() }
}

/**
 * Whether a fall was right: where the machine took about a threshold to start a node, agents that know no other were silent
 * for as long, and every node is right to say so (L5, L6).
 */
const wasRight = (atMs: number, down: readonly Downtime[]): boolean => {
  const thresholdMs = THRESHOLD_SECONDS * 1_000
  const slow = down.filter(({ fromMs, toMs }) => toMs - fromMs > thresholdMs - 1_500)
  return slow.some(({ fromMs, toMs }) => atMs > fromMs && atMs < toMs + thresholdMs)
}

test('Z8-private: a node that was not told otherwise asks no card of its own network', async (t) => {
  const server = await AgentServer.start()
  t.after(() => server.stop())
  const agent = new TypeScriptAgent(identityOf('private'), described('private', { entity_url: server.url }), nodes.url)
  assert.equal((await agent.register()).status, 201)
  assert.equal((await fetchCall(`${agent.entityUrl}/card`)).status, 404)
  assert.deepEqual(server.asked, [])
})

test('Z6.1-long-lived, Z6.1-server-ping: both stay active for twenty thresholds, and the silent are pinged', async (t) => {
  const pace = { ...FAST_PACE, pingMs: stretched(FAST_PACE.pingMs) }
  const agents = [
    new PythonAgent(identityOf('long-lived py'), described('long-lived-py'), nodes.url, pace),
    new TypeScriptAgent(identityOf('long-lived ts'), described('long-lived-ts'), nodes.url, pace),
  ]
  const ids = agents.map(({ id }) => id)
  const beatAgain = async (): Promise<void> => {
    const goals = agents.map(({ beats }) => beats + 3)
    await until(20_000, 'three more beats of both', async () =>
      agents.every(({ beats }, at) => beats >= (goals[at] ?? 0)),
    )
  }
  for (const agent of agents) await agent.start()
  for (const id of ids) await nodes.status(id, 'active')
  const silent = await RawSocket.open(`${nodes.urlOf(2)}/v1/entities/${ids[1]}/ws`)
  let pings = 0
  silent.ws.on('ping', () => pings++)

  const startedMs = performance.now()
  const share = (part: number): Promise<unknown> => {
    const ms = part * THRESHOLDS * THRESHOLD_SECONDS * 1_000
    return until(ms + 1_000, `${part} of the time`, async () => performance.now() - startedMs >= ms)
  }
  await share(0.25)
  const down = [await restart(nodes.cluster.node(0), 'SIGTERM')]
  await beatAgain()
  await share(0.5)
  for (const agent of agents) await agent.moveTo(nodes.urlOf(1))
  await share(0.75)
  down.push(await restart(nodes.cluster.node(1), 'SIGKILL'))
  await beatAgain()
  await share(1)
  for (const id of ids) await nodes.status(id, 'active')

  const tookMs = down.map(({ fromMs, toMs }) => (toMs - fromMs).toFixed(0))
  t.diagnostic(`thresholds of ${THRESHOLD_SECONDS} s; restarts took ${tookMs.join(', ')} ms`)
  t.diagnostic(
    `beats: ${agents.map(({ beats }) => beats).join(', ')}; ends: ${agents.map(({ ends }) => ends.length).join(', ')}`,
  )
  const told = witness.of(ids)
  for (const { name } of nodes.cluster.nodes)
    assert.ok(told.some(({ node, type }) => node === name && type === 'active'))
  const fallen = told.filter(({ type, atMs }) => type === 'inactive' && !wasRight(atMs, down))
  assert.deepEqual(fallen, [])
  for (const agent of agents) {
    assert.equal(agent.received, 0)
    assert.ok(agent.isOpen)
    agent.stop()
  }
  assert.ok(performance.now() - startedMs < PING_AFTER_MS || pings > 0)
  assert.ok(silent.isOpen)
  silent.end()
})

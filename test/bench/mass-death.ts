/**
 * Ten thousand entities of one node fall silent together, while others beat on. That they once beat there stands in the
 * stores when the nodes start; their terms then end all at the same moment.
 */
import type { StoreOp } from '@rollcall/core'
import { loadNodeKey } from '@rollcall/node'
import { registerAll, signRegistrations } from '../e2e/support/crowd.ts'
import { until } from '../e2e/support/wait.ts'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { type BenchNode, BenchNodes } from './bench-node.ts'
import type { AgentsOutput } from './load/agents.ts'
import { inOtherProcess } from './load/other-process.ts'
import { announced, recordEntry } from './seed/split.ts'
import { LargeStore, rowsOf } from './seed/stores.ts'

const NODES = 5
const BEATING = 100
const GRACE_SECONDS = 90
const SETTINGS = [
  'heartbeat.interval_seconds=1',
  'heartbeat.max_clock_skew_seconds=20',
  'heartbeat.inactive_threshold_seconds=350',
  `heartbeat.restart_grace_seconds=${GRACE_SECONDS}`,
  'limits.registrations_per_address_per_minute=0',
]
/** Since the last beat of those that fall silent: so near the threshold that their node, started last, grants the grace. */
const SILENT_MS = 265_000

const prepare = async (store: LargeStore, nodes: readonly BenchNode[]): Promise<void> => {
  const [first] = nodes
  if (first === undefined) throw new Error('there are nodes')
  const attendant = await loadNodeKey(first.dataDir)
  const wallMs = Date.now() - SILENT_MS
  const activated = Array.from({ length: store.count }, (_, number) => ({
    entry: recordEntry(store.record(number)),
    number,
    wallMs,
  }))
  const all = [...announced(activated, attendant)]
  const shared: StoreOp[] = all.flatMap(({ entry, heldMs }) => rowsOf(entry, heldMs))
  const beats = all.map(({ beat }) => beat)
  for (const node of nodes) await store.copyTo(node.dataDir, node === first ? [...shared, ...beats] : shared)
}

const activeOn = (nodes: readonly BenchNode[]): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await node.state()).active))

const messagesOf = async (node: BenchNode): Promise<number> =>
  (await node.metrics()).get('rollcall_gossip_messages_total{direction="out",outcome="sent"}') ?? 0

const watchDeath = async (nodes: readonly BenchNode[], first: BenchNode, count: number): Promise<number> => {
  await until(120_000, 'the first to be inactive', async () => (await first.state()).active < count + BEATING)
  const { tookMs } = await until(60_000, 'all to be inactive on all nodes', async () =>
    (await activeOn(nodes)).every((active) => active === BEATING),
  )
  return tookMs
}

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const count = quick ? 2_000 : 10_000
  const store = await LargeStore.of(count, say)
  const all = await BenchNodes.of(NODES, SETTINGS)
  try {
    const { nodes } = all
    const [first, second] = nodes
    if (first === undefined || second === undefined) throw new Error('there are nodes')
    await prepare(store, nodes)
    say(`starting ${NODES} nodes`)
    const join = nodes.map((node) => node.mesh)
    const start = (node: BenchNode): Promise<BenchNode> =>
      node.start({ join: join.filter((mesh) => mesh !== node.mesh) })
    await Promise.all(nodes.slice(1).map(start))
    await start(first)
    const registrations = signRegistrations('beating', BEATING)
    // On a busy machine one may not be answered in time, and was written all the same: then it is refused the next time.
    await until(60_000, 'agents that are registered', async () =>
      (await registerAll(second.url, registrations)).every(({ status }) => status === 409),
    )
    say(`${count} entities fall silent on one node while ${BEATING} agents beat on another`)
    const input = { url: second.url, prefix: 'beating', count: BEATING, seconds: GRACE_SECONDS + 20 }
    const beating = inOtherProcess<AgentsOutput>(new URL('./load/agents.ts', import.meta.url), input)
    await until(30_000, 'the agents to be active', async () =>
      (await activeOn(nodes)).every((active) => active === count + BEATING),
    )
    for (const node of nodes) await node.look()
    const before = await messagesOf(first)
    const tookMs = await watchDeath(nodes, first, count)
    const messages = (await messagesOf(first)) - before
    const looks = await Promise.all(nodes.map((node) => node.look()))
    const agents = await beating
    return [
      { what: 'entities that fall silent', value: count, unit: '' },
      { what: 'messages of their node', value: messages, unit: '', goal: { is: 'at most', value: 100 } },
      { what: 'ratio to one message for each', value: messages / count, unit: '' },
      {
        what: 'from the first to all, on all nodes',
        value: tookMs / 1_000,
        unit: 's',
        goal: { is: 'at most', value: 5 },
      },
      {
        what: 'longest block of an event loop, by its own work',
        value: Math.max(...looks.map((look) => look.longestOwnMs)),
        unit: 'ms',
        goal: { is: 'at most', value: 20 },
      },
      { what: 'the same by the clock', value: Math.max(...looks.map((look) => look.longestMs)), unit: 'ms' },
      { what: 'beats of others acknowledged meanwhile', value: agents.acknowledged, unit: '' },
      {
        what: 'beats or connections of others that failed',
        value: agents.failed,
        unit: '',
        goal: { is: 'at most', value: 0 },
      },
      { what: 'longest time between two acknowledgements of another', value: agents.longestGapMs, unit: 'ms' },
    ]
  } finally {
    await all.stop()
  }
}

export const massDeath: Bench = {
  name: 'mass-death',
  what: '10 000 entities of one of five nodes fall silent together while others beat',
  run,
}

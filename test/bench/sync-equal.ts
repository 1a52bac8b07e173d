/** Two nodes with the same hundred thousand entries compare them again and again. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { type BenchNode, BenchNodes, untilEqual } from './bench-node.ts'
import { LargeStore } from './seed/stores.ts'
import { syncCounts } from './sync-counts.ts'

const OFTEN_SECONDS = 0.05
const SELDOM_SECONDS = 3_600

interface Spent {
  readonly cpuMs: number
  readonly seconds: number
  readonly bytes: number
  readonly rounds: number
  readonly messages: number
  readonly stallMs: number
}

const spend = async (nodes: readonly BenchNode[], seconds: number): Promise<Spent> => {
  for (const node of nodes) await node.look()
  const before = await Promise.all(nodes.map((node) => syncCounts(node)))
  const startedMs = performance.now()
  await pause(seconds * 1_000)
  const looks = await Promise.all(nodes.map((node) => node.look()))
  const passed = (performance.now() - startedMs) / 1_000
  const after = await Promise.all(nodes.map((node) => syncCounts(node)))
  const sum = (of: (at: number) => number): number => nodes.reduce((total, _, at) => total + of(at), 0)
  return {
    cpuMs: looks.reduce((total, look) => total + look.cpuMs, 0),
    seconds: passed,
    bytes: sum((at) => (after[at]?.bytesOut ?? 0) - (before[at]?.bytesOut ?? 0)),
    rounds: sum((at) => (after[at]?.equal ?? 0) - (before[at]?.equal ?? 0)),
    messages: sum((at) => (after[at]?.other ?? 0) - (before[at]?.other ?? 0)),
    stallMs: Math.max(...looks.map((look) => look.longestOwnMs)),
  }
}

/** What two nodes with `count` equal entries spend while they compare them every `intervalSeconds`. */
const measure = async (store: LargeStore, intervalSeconds: number, seconds: number): Promise<Spent> => {
  const all = await BenchNodes.of(2, [`sync.interval_seconds=${intervalSeconds}`])
  try {
    await Promise.all(all.nodes.map((node) => store.copyTo(node.dataDir)))
    const [first] = all.nodes
    await Promise.all(all.nodes.map((node) => node.start({ join: first === undefined ? [] : [first.mesh] })))
    await untilEqual(all.nodes, 20_000)
    // The first syncs and the greetings are over, and the compiler has seen the code.
    await pause(5_000)
    return await spend(all.nodes, seconds)
  } finally {
    await all.stop()
  }
}

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const count = quick ? 5_000 : 100_000
  const seconds = quick ? 5 : 15
  const store = await LargeStore.of(count, say)
  say(`${count} equal entries, compared all the time`)
  const often = await measure(store, OFTEN_SECONDS, seconds)
  say('the same without comparing')
  const seldom = await measure(store, SELDOM_SECONDS, seconds)
  const cpuMs = (often.cpuMs - (seldom.cpuMs * often.seconds) / seldom.seconds) / often.rounds
  return [
    { what: 'equal entries', value: count, unit: '' },
    { what: 'comparisons', value: often.rounds, unit: '' },
    {
      what: 'bytes of one, both ways',
      value: often.bytes / often.rounds,
      unit: 'B',
      goal: { is: 'at most', value: 680 },
    },
    {
      what: 'requests of one',
      value: (often.rounds + often.messages) / often.rounds,
      unit: '',
      goal: { is: 'at most', value: 1 },
    },
    { what: 'processor time of one, both nodes', value: cpuMs, unit: 'ms', goal: { is: 'at most', value: 5 } },
    { what: 'longest block of an event loop', value: often.stallMs, unit: 'ms', goal: { is: 'at most', value: 20 } },
  ]
}

export const syncEqual: Bench = {
  name: 'sync-equal',
  what: 'two nodes that hold the same 100 000 entries find that they do',
  run,
}

/** Two nodes find and mend what differs between them, each lacking half of it. */
import type { StoreOp } from '@rollcall/core'
import { type Delta, encodeDelta, utf8 } from '@rollcall/protocol'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { type BenchNode, BenchNodes, untilEqual, untilLinked } from './bench-node.ts'
import { registered } from './seed/entity.ts'
import { LargeStore, rowsOf } from './seed/stores.ts'
import { syncCounts } from './sync-counts.ts'

const KINDS = ['recent', 'scattered'] as const
type Kind = (typeof KINDS)[number]

const SETTINGS = ['sync.interval_seconds=3600']
const RECENT_MS = 10 * 60_000

interface Changes {
  /** What each of the two has or lacks beyond the large store. */
  readonly rows: readonly [StoreOp[], StoreOp[]]
  /** Of the entries that must travel, as they are encoded. */
  readonly entryBytes: number
}

/** `count` entries that one of the two nodes lacks, in turn: registered lately, or at any time. */
const changesOf = (store: LargeStore, kind: Kind, count: number): Changes => {
  const rows: [StoreOp[], StoreOp[]] = [[], []]
  const nowMs = Date.now()
  let entryBytes = 0
  for (let at = 0; at < count; at++) {
    const record =
      kind === 'recent'
        ? registered(store.count + at, nowMs - RECENT_MS + Math.floor((at * RECENT_MS) / count))
        : store.record(Math.floor((at * store.count) / count))
    const entry: Delta & { readonly kind: 'record' } = { kind: 'record', id: record.id, record, presence: undefined }
    entryBytes += encodeDelta(entry).length
    const mine = rows[at % 2 === 0 ? 0 : 1]
    if (kind === 'recent') mine.push(...rowsOf(entry, record.stamp.wallMs))
    else mine.push({ kind: 'del', table: 'entry', key: utf8(record.id) })
  }
  return { rows, entryBytes }
}

interface Mended {
  readonly ms: number
  readonly bytesEach: number
  readonly stallMs: number
  readonly stallWallMs: number
  readonly collectionMs: number
  readonly cpuMs: number
}

const bytesOf = async (nodes: readonly BenchNode[]): Promise<number> => {
  const counts = await Promise.all(nodes.map((node) => syncCounts(node)))
  return counts.reduce((sum, { bytesOut }) => sum + bytesOut, 0)
}

const mend = async (store: LargeStore, kind: Kind, count: number): Promise<Mended> => {
  const all = await BenchNodes.of(2, SETTINGS)
  try {
    const { nodes } = all
    const [first, second] = nodes
    if (first === undefined || second === undefined) throw new Error('two nodes were asked for')
    const { rows, entryBytes } = changesOf(store, kind, count)
    await Promise.all(nodes.map((node, at) => store.copyTo(node.dataDir, rows[at === 0 ? 0 : 1])))
    await Promise.all([
      first.start({ join: [second.mesh], cut: [second.meshPort] }),
      second.start({ join: [first.mesh], cut: [first.meshPort] }),
    ])
    for (const node of nodes) await node.look()
    await Promise.all(nodes.map((node) => node.cut([])))
    await untilLinked(first, 30_000)
    const ms = await untilEqual(nodes, 60_000)
    const looks = await Promise.all(nodes.map((node) => node.look()))
    return {
      ms,
      bytesEach: ((await bytesOf(nodes)) - entryBytes) / count,
      stallMs: Math.max(...looks.map((look) => look.longestOwnMs)),
      stallWallMs: Math.max(...looks.map((look) => look.longestMs)),
      collectionMs: Math.max(...looks.map((look) => look.longestCollectionMs)),
      cpuMs: looks.reduce((sum, look) => sum + look.cpuMs, 0),
    }
  } finally {
    await all.stop()
  }
}

const figuresOf = (what: string, isLargest: boolean, kind: Kind, mended: Mended): readonly Figure[] => [
  {
    what: `${what}: bytes for each beyond the entry itself`,
    value: mended.bytesEach,
    unit: 'B',
    ...(kind === 'recent' ? { goal: { is: 'at most', value: 91 } } : {}),
  },
  {
    what: `${what}: from link to equal`,
    value: mended.ms / 1_000,
    unit: 's',
    ...(isLargest ? { goal: { is: 'at most', value: 10 } } : {}),
  },
  {
    what: `${what}: longest block of an event loop, by its own work`,
    value: mended.stallMs,
    unit: 'ms',
    goal: { is: 'at most', value: 20 },
  },
  { what: `${what}: the same by the clock`, value: mended.stallWallMs, unit: 'ms' },
  { what: `${what}: longest garbage collection`, value: mended.collectionMs, unit: 'ms' },
  { what: `${what}: processor time, both nodes`, value: mended.cpuMs / 1_000, unit: 's' },
]

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const store = await LargeStore.of(quick ? 5_000 : 100_000, say)
  const counts = quick ? [50, 500] : [100, 1_000, 10_000]
  const figures: Figure[] = []
  for (const kind of KINDS) {
    for (const count of counts) {
      const what = `${count.toLocaleString('en')} ${kind}`
      say(`${what} differences in ${store.count} entries`)
      figures.push(...figuresOf(what, count === counts.at(-1), kind, await mend(store, kind, count)))
    }
  }
  return figures
}

export const syncDiff: Bench = {
  name: 'sync-diff',
  what: 'two nodes with 100 000 entries mend 100, 1 000 and 10 000 differences, recent and scattered',
  run,
}

/**
 * Five nodes in two halves that cannot reach each other, with different changes on each side; then the links are mended.
 * The halves are cut by the processes themselves: who dials a node of the other half ends the connection. What happened in
 * the ten minutes before stands in their stores when they start, signed as if it had come over HTTP.
 */
import { loadNodeKey } from '@rollcall/node'
import { until } from '../e2e/support/wait.ts'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { type BenchNode, BenchNodes, untilEqual } from './bench-node.ts'
import type { NodeLook } from './load/node.ts'
import { sideOfSplit } from './seed/split.ts'
import { LargeStore } from './seed/stores.ts'
import { syncCounts } from './sync-counts.ts'

const SIDES = [0, 0, 0, 1, 1] as const
/** On each side, per minute of the split. */
const CHANGES_PER_MINUTE = 1_000

const prepare = async (
  store: LargeStore,
  nodes: readonly BenchNode[],
  { changes, splitMs }: { readonly changes: number; readonly splitMs: number },
): Promise<void> => {
  const nowMs = Date.now()
  for (const side of [0, 1]) {
    const mine = nodes.filter((_, at) => SIDES[at] === side)
    const [first] = mine
    if (first === undefined) throw new Error('a side has nodes')
    const attendant = await loadNodeKey(first.dataDir)
    const times = { fromMs: nowMs - splitMs, toMs: nowMs - 1_000 }
    const { shared, attendants } = sideOfSplit({ store, side, changes, attendant, ...times })
    for (const node of mine) await store.copyTo(node.dataDir, node === first ? [...shared, ...attendants] : shared)
  }
}

/** Bytes on the links between each two nodes of different halves, both ways. */
const pairBytes = (nodes: readonly BenchNode[], looks: readonly NodeLook[]): number[] => {
  const over = (from: number, to: number): number => looks[from]?.linkBytes[nodes[to]?.meshPort ?? 0] ?? 0
  return nodes.flatMap((_, a) =>
    nodes.flatMap((_, b) => (a < b && SIDES[a] !== SIDES[b] ? [over(a, b) + over(b, a)] : [])),
  )
}

const startAll = async (nodes: readonly BenchNode[]): Promise<void> => {
  const meshes = nodes.map((node) => node.mesh)
  await Promise.all(
    nodes.map((node, at) =>
      node.start({
        join: meshes.filter((mesh) => mesh !== node.mesh),
        cut: otherHalf(nodes, at).map((other) => other.meshPort),
      }),
    ),
  )
}

const otherHalf = (nodes: readonly BenchNode[], at: number): BenchNode[] =>
  nodes.filter((_, other) => SIDES[other] !== SIDES[at])

const linksOf = async (nodes: readonly BenchNode[]): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await node.state()).connected))

const untilHalvesAreWhole = async (nodes: readonly BenchNode[]): Promise<void> => {
  await until(60_000, 'whole halves', async () =>
    (await linksOf(nodes)).every((links, at) => links === nodes.length - otherHalf(nodes, at).length - 1),
  )
  for (const side of [0, 1])
    await untilEqual(
      nodes.filter((_, at) => SIDES[at] === side),
      60_000,
    )
}

const untilLinkedAcross = async (nodes: readonly BenchNode[]): Promise<void> => {
  await until(60_000, 'a link between the halves', async () =>
    (await linksOf(nodes)).some((links, at) => links >= nodes.length - otherHalf(nodes, at).length),
  )
}

interface Healed {
  readonly linkedMs: number
  readonly equalMs: number
  readonly looks: readonly NodeLook[]
  readonly bytes: readonly number[]
  readonly repairs: number
}

const repairsOf = async (nodes: readonly BenchNode[]): Promise<number> =>
  (await Promise.all(nodes.map((node) => syncCounts(node)))).reduce((sum, { repairs }) => sum + repairs, 0)

const heal = async (nodes: readonly BenchNode[]): Promise<Healed> => {
  await Promise.all(nodes.map((node) => node.look()))
  const repairsBefore = await repairsOf(nodes)
  const startedMs = performance.now()
  await Promise.all(nodes.map((node) => node.cut([])))
  await untilLinkedAcross(nodes)
  const linkedMs = performance.now() - startedMs
  await untilEqual(nodes, 90_000)
  const equalMs = performance.now() - startedMs
  const looks = await Promise.all(nodes.map((node) => node.look()))
  return { linkedMs, equalMs, looks, bytes: pairBytes(nodes, looks), repairs: (await repairsOf(nodes)) - repairsBefore }
}

const figuresOf = (healed: Healed, changes: number): readonly Figure[] => {
  const most = (of: (look: NodeLook) => number): number => Math.max(...healed.looks.map(of))
  const sum = (of: (look: NodeLook) => number): number => healed.looks.reduce((sum, look) => sum + of(look), 0)
  const stall = { what: 'longest block of an event loop, by its own work', value: most((look) => look.longestOwnMs) }
  return [
    { what: 'changes on each side', value: changes, unit: '' },
    { what: 'first link after the split', value: healed.linkedMs / 1_000, unit: 's' },
    {
      what: 'equal digests after the split',
      value: healed.equalMs / 1_000,
      unit: 's',
      goal: { is: 'at most', value: 10 },
    },
    { ...stall, unit: 'ms', goal: { is: 'at most', value: 20 } },
    { what: 'the same by the clock', value: most((look) => look.longestMs), unit: 'ms' },
    { what: 'blocks of more than 20 ms, all nodes', value: sum((look) => look.over20Ms), unit: '' },
    { what: 'longest garbage collection', value: most((look) => look.longestCollectionMs), unit: 'ms' },
    { what: 'processor time, all nodes', value: sum((look) => look.cpuMs) / 1_000, unit: 's' },
    {
      what: 'sent between two nodes of different halves, mean',
      value: total(healed.bytes) / healed.bytes.length / 1e6,
      unit: 'MB',
    },
    { what: 'sent between two nodes of different halves, most', value: Math.max(...healed.bytes) / 1e6, unit: 'MB' },
    {
      what: 'entries that a node took in, for each it lacked',
      value: healed.repairs / (changes * SIDES.length),
      unit: '',
    },
    { what: 'memory of a node, most', value: most((look) => look.residentBytes) / 2 ** 20, unit: 'MiB' },
  ]
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

const healingAfter =
  (minutes: number) =>
  async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
    const store = await LargeStore.of(quick ? 5_000 : 100_000, say)
    const changes = (CHANGES_PER_MINUTE * minutes) / (quick ? 20 : 1)
    const all = await BenchNodes.of(SIDES.length, [])
    try {
      say(`signing ${changes} changes on each side`)
      await prepare(store, all.nodes, { changes, splitMs: minutes * 60_000 })
      say(`starting ${all.nodes.length} nodes with ${store.count} entries`)
      await startAll(all.nodes)
      await untilHalvesAreWhole(all.nodes)
      say('mending the links')
      return figuresOf(await heal(all.nodes), changes)
    } finally {
      await all.stop()
    }
  }

export const healing: Bench = {
  name: 'heal',
  what: 'five nodes with 100 000 entries, split in halves with 10 000 changes on each side, are joined again',
  run: healingAfter(10),
}

export const healingShort: Bench = {
  name: 'heal-short',
  what: 'the same after a shorter split, with 3 000 changes on each side',
  run: healingAfter(3),
}

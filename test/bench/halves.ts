/** Five nodes in two halves whose links can be cut and mended, and what is told of their healing. */
import { until } from '../e2e/support/wait.ts'
import type { Figure } from './bench.ts'
import { type BenchNode, untilEqual } from './bench-node.ts'
import type { NodeLook } from './load/node.ts'
import { syncCounts } from './sync-counts.ts'

const SIDES = [0, 0, 0, 1, 1] as const
/** How many nodes it takes. */
export const NODES: number = SIDES.length

/** The nodes of one half. */
export const halfOf = (nodes: readonly BenchNode[], side: number): BenchNode[] =>
  nodes.filter((_, at) => SIDES[at] === side)

const otherHalf = (nodes: readonly BenchNode[], at: number): BenchNode[] =>
  nodes.filter((_, other) => SIDES[other] !== SIDES[at])

/** The mesh ports that node number `at` cannot reach while the halves are apart. */
const cutFor = (nodes: readonly BenchNode[], at: number): number[] =>
  otherHalf(nodes, at).map((other) => other.meshPort)

/** Starts all; `apart`, so that the halves never meet. */
export const startAll = async (nodes: readonly BenchNode[], options: { readonly apart: boolean }): Promise<void> => {
  const meshes = nodes.map((node) => node.mesh)
  await Promise.all(
    nodes.map((node, at) =>
      node.start({
        join: meshes.filter((mesh) => mesh !== node.mesh),
        cut: options.apart ? cutFor(nodes, at) : [],
      }),
    ),
  )
}

/** Cuts the halves off each other: who dialled a node of the other half ends the connection. */
export const cutHalves = async (nodes: readonly BenchNode[]): Promise<void> => {
  await Promise.all(nodes.map((node, at) => node.cut(cutFor(nodes, at))))
}

const linksOf = async (nodes: readonly BenchNode[]): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await node.state()).connected))

/** Waits until each node is linked to all others, and all hold the same. */
export const untilOne = async (nodes: readonly BenchNode[]): Promise<void> => {
  await until(60_000, 'links between all', async () =>
    (await linksOf(nodes)).every((links) => links === nodes.length - 1),
  )
  await untilEqual(nodes, 60_000)
}

/** Waits until each node is linked to those of its half and to no other, and each half holds the same. */
export const untilHalvesAreWhole = async (nodes: readonly BenchNode[]): Promise<void> => {
  await until(60_000, 'whole halves', async () =>
    (await linksOf(nodes)).every((links, at) => links === nodes.length - otherHalf(nodes, at).length - 1),
  )
  for (const side of [0, 1]) await untilEqual(halfOf(nodes, side), 60_000)
}

/** Bytes on the links between each two nodes of different halves, both ways. */
const pairBytes = (nodes: readonly BenchNode[], looks: readonly NodeLook[]): number[] => {
  const over = (from: number, to: number): number => looks[from]?.linkBytes[nodes[to]?.meshPort ?? 0] ?? 0
  return nodes.flatMap((_, a) =>
    nodes.flatMap((_, b) => (a < b && SIDES[a] !== SIDES[b] ? [over(a, b) + over(b, a)] : [])),
  )
}

const untilLinkedAcross = async (nodes: readonly BenchNode[]): Promise<void> => {
  await until(60_000, 'a link between the halves', async () =>
    (await linksOf(nodes)).some((links, at) => links >= nodes.length - otherHalf(nodes, at).length),
  )
}

export interface Healed {
  readonly linkedMs: number
  readonly equalMs: number
  readonly looks: readonly NodeLook[]
  readonly bytes: readonly number[]
  readonly repairs: number
}

const repairsOf = async (nodes: readonly BenchNode[]): Promise<number> =>
  (await Promise.all(nodes.map((node) => syncCounts(node)))).reduce((sum, { repairs }) => sum + repairs, 0)

/** Mends the links and waits until all nodes hold the same. */
export const heal = async (nodes: readonly BenchNode[]): Promise<Healed> => {
  const bytesBefore = pairBytes(nodes, await Promise.all(nodes.map((node) => node.look())))
  const repairsBefore = await repairsOf(nodes)
  const startedMs = performance.now()
  await Promise.all(nodes.map((node) => node.cut([])))
  await untilLinkedAcross(nodes)
  const linkedMs = performance.now() - startedMs
  await untilEqual(nodes, 90_000)
  const equalMs = performance.now() - startedMs
  const looks = await Promise.all(nodes.map((node) => node.look()))
  const bytes = pairBytes(nodes, looks).map((sent, at) => sent - (bytesBefore[at] ?? 0))
  return { linkedMs, equalMs, looks, bytes, repairs: (await repairsOf(nodes)) - repairsBefore }
}

export const figuresOf = (healed: Healed, changes: number): readonly Figure[] => {
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
      value: healed.repairs / (changes * NODES),
      unit: '',
    },
    { what: 'memory of a node, most', value: most((look) => look.residentBytes) / 2 ** 20, unit: 'MiB' },
  ]
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)

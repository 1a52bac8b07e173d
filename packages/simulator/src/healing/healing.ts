/**
 * How long nodes that were split take to hold the same again, in simulated time: computing takes none, so what is measured
 * is the way of the messages and every wait of the nodes for one another.
 */
import { equalBytes } from '@rollcall/protocol'
import type { Hasher } from '@rollcall/search/bloom'
import { SeededRandom } from '@rollcall/testkit'
import { NO_FAULTS } from '../faults.ts'
import type { SimNode } from '../node/sim-node.ts'
import { drawPlan } from '../plan.ts'
import { World } from '../world.ts'
import { changeSide } from './changes.ts'
import { Population } from './population.ts'

export interface HealingInit {
  readonly seed: string
  readonly hasher: Hasher
  /** How many nodes each side has. */
  readonly sides: readonly [number, number]
  /** Entities that all nodes hold before the split. */
  readonly entries: number
  /** Changes on each side, of entities that the other does not change. */
  readonly changes: number
  readonly splitMs: number
  /** Time under way on each link, drawn evenly. Default: a quiet local network (`NO_FAULTS`). */
  readonly delays?: { readonly delayMinMs: number; readonly delayMaxMs: number }
  /** Whether every node restarts before the links are mended: what gossip it kept for others is then gone, and only sync heals. */
  readonly restarts?: boolean
  readonly say?: (text: string) => void
}

/** Times are simulated milliseconds since the links were mended; everything is counted up to `equalMs`. */
export interface Healing {
  /** When all links stood again. */
  readonly linkedMs: number
  /** When all nodes held the same; they went on to. */
  readonly equalMs: number
  /** Of all nodes to all others. */
  readonly requests: number
  /** Bytes between each two nodes of different sides, both ways. */
  readonly bytes: readonly number[]
  readonly syncs: Syncs
  /** Entries that syncs brought to nodes, each time they did. */
  readonly takenIn: number
  /** Entries that nodes lacked, each on each node. */
  readonly lacking: number
}

/** Syncs that nodes began, by how they ended. */
export type Syncs = Readonly<Record<'equal' | 'repaired' | 'busy' | 'failed', number>>

const MEETING_MS = 10_000
/** What takes longer did not heal. */
const HEAL_MAX_MS = 5 * 60_000
/** For so long afterwards the nodes must go on to hold the same. */
const LASTING_MS = 30_000

/** Throws where a change was not taken, a side disagrees with itself, or the nodes do not come to hold the same. */
export const measureHealing = async (init: HealingInit): Promise<Healing> => {
  const { seed, hasher, sides, changes, splitMs, say } = init
  const nodes = sides[0] + sides[1]
  const faults = { ...NO_FAULTS, ...init.delays }
  const plan = drawPlan(new SeededRandom(seed), { profile: 'default', nodes, agents: 0, faults })
  const world = new World({ seed, plan, hasher })
  const halves = [world.nodes.slice(0, sides[0]), world.nodes.slice(sides[0])]
  say?.(`signing ${init.entries} registrations`)
  const population = new Population(world, init.entries)
  population.write()
  say?.('starting the nodes')
  for (const node of world.nodes) node.start()
  await world.pass(MEETING_MS)
  requireEqual(world, world.nodes)
  say?.(`splitting them, with ${changes} changes on each side`)
  for (const [a, b] of pairsOf(halves)) world.paths.cut(a, b)
  const changed = halves.map((half, side) =>
    changeSide({ world, population, nodes: half, side, changes, forMs: splitMs }),
  )
  await world.pass(splitMs + MEETING_MS)
  await world.until(Promise.all(changed))
  if (init.restarts === true) await restartAll(world)
  for (const half of halves) requireEqual(world, half)
  say?.('mending the links')
  const healing = await heal(world, halves)
  await world.pass(LASTING_MS)
  requireEqual(world, world.nodes)
  return { ...healing, lacking: changes * nodes }
}

const restartAll = async (world: World): Promise<void> => {
  for (const node of world.nodes) {
    await world.until(node.stop())
    node.start()
    await world.pass(MEETING_MS)
  }
}

const heal = async (world: World, halves: readonly SimNode[][]): Promise<Omit<Healing, 'lacking'>> => {
  const { network, nodes } = world
  if (isEqual(nodes)) throw new Error('there is nothing to heal')
  const before = countsOf(nodes)
  network.traffic.clear()
  world.paths.heal()
  const startedMs = world.nowMs()
  let linkedMs: number | undefined
  while (!isEqual(nodes)) {
    if (world.nowMs() - startedMs > HEAL_MAX_MS) throw new Error(`not equal after ${HEAL_MAX_MS} ms`)
    await world.pass(1)
    requireWhole(world)
    if (linkedMs === undefined && isLinked(nodes)) linkedMs = world.nowMs() - startedMs
  }
  const equalMs = world.nowMs() - startedMs
  const after = countsOf(nodes)
  const all = pairsOf(nodes.map((node) => [node]))
  return {
    linkedMs: linkedMs ?? equalMs,
    equalMs,
    requests: all.reduce((sum, [a, b]) => sum + network.traffic.between(a.id, b.id).requests, 0),
    bytes: pairsOf(halves).map(([a, b]) => network.traffic.between(a.id, b.id).bytes),
    syncs: {
      equal: after.equal - before.equal,
      repaired: after.repaired - before.repaired,
      busy: after.busy - before.busy,
      failed: after.failed - before.failed,
    },
    takenIn: after.takenIn - before.takenIn,
  }
}

/** Each two nodes of different groups. */
const pairsOf = (groups: readonly (readonly SimNode[])[]): (readonly [SimNode, SimNode])[] =>
  groups.flatMap((some, at) =>
    groups.slice(at + 1).flatMap((others) => some.flatMap((a) => others.map((b) => [a, b] as const))),
  )

const countsOf = (nodes: readonly SimNode[]): Syncs & { readonly takenIn: number } => {
  const syncs = (outcome: keyof Syncs): number => sum(nodes, ({ metrics }) => metrics.syncs.get(outcome) ?? 0)
  return {
    equal: syncs('equal'),
    repaired: syncs('repaired'),
    busy: syncs('busy'),
    failed: syncs('failed'),
    takenIn: sum(nodes, ({ metrics }) => metrics.syncRepairs),
  }
}

const sum = <T>(of: readonly T[], what: (one: T) => number): number => of.reduce((total, one) => total + what(one), 0)

const itemsOf = ({ name, runtime }: SimNode) => {
  if (runtime === undefined) throw new Error(`${name} is down`)
  return runtime.inside.state.items
}

const isEqual = (nodes: readonly SimNode[]): boolean => {
  const [first, ...others] = nodes.map((node) => itemsOf(node).fingerprint())
  return first !== undefined && others.every((digest) => equalBytes(digest, first))
}

const isLinked = (nodes: readonly SimNode[]): boolean =>
  nodes.every(({ runtime }) => {
    const others = runtime?.registry.cluster().nodes.filter(({ self }) => !self) ?? []
    return others.length === nodes.length - 1 && others.every(({ connected }) => connected)
  })

const requireWhole = ({ failure }: World): void => {
  if (failure !== undefined) throw new Error(failure.sentence)
}

const requireEqual = (world: World, nodes: readonly SimNode[]): void => {
  requireWhole(world)
  if (!isEqual(nodes)) throw new Error(`${nodes.map(({ name }) => name).join(', ')} do not hold the same`)
}

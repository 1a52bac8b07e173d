import type { SimNode } from '../node/sim-node.ts'
import type { Watcher } from '../node/watch.ts'
import type { World } from '../world.ts'

/**
 * Who reaches whom: cuts links, several reasons at a time, and knows since when news of one node find a way to another,
 * over others too. A node that gets no turns, whose disk refuses or whose clock is wrong passes no news on.
 */
export class Paths implements Watcher {
  readonly #world: World
  readonly #cuts = new Map<string, number>()
  readonly #blocks = new Map<string, number>()
  readonly #since = new Map<string, number>()

  constructor(world: World) {
    this.#world = world
  }

  started(): void {
    this.update()
  }

  ended(): void {
    this.update()
  }

  /** Cuts the link of two nodes; it stands again when every cut was mended. */
  cut(a: SimNode, b: SimNode): void {
    if (raise(this.#cuts, pairOf(a, b)) === 1) this.#world.network.cut(a.id, b.id)
    this.update()
  }

  mend(a: SimNode, b: SimNode): void {
    if (lower(this.#cuts, pairOf(a, b)) === 0) this.#world.network.mend(a.id, b.id)
    this.update()
  }

  /** Loses everything from `from` to `to`, while the connection seems open. */
  block(from: SimNode, to: SimNode): void {
    if (raise(this.#blocks, wayOf(from, to)) === 1) this.#world.network.block(from.id, to.id)
    this.update()
  }

  unblock(from: SimNode, to: SimNode): void {
    if (lower(this.#blocks, wayOf(from, to)) === 0) this.#world.network.unblock(from.id, to.id)
    this.update()
  }

  heal(): void {
    this.#cuts.clear()
    this.#blocks.clear()
    this.#world.network.heal()
    this.update()
  }

  isFree(a: SimNode, b: SimNode): boolean {
    return !this.#cuts.has(pairOf(a, b)) && !this.#blocks.has(wayOf(a, b)) && !this.#blocks.has(wayOf(b, a))
  }

  /** Milliseconds for which news went both ways between two nodes without a break; undefined while they do not. */
  lastingMs(a: SimNode, b: SimNode): number | undefined {
    const sinceMs = this.#since.get(pairOf(a, b))
    return sinceMs === undefined ? undefined : this.#world.nowMs() - sinceMs
  }

  /** Looks again at what reaches what; to be called after every change of nodes or links. */
  update(): void {
    const { nodes } = this.#world
    for (const from of nodes) {
      const reached = this.#reachedBy(from)
      for (const to of nodes) {
        if (to.index < from.index) continue
        const key = pairOf(from, to)
        if (!reached.has(to)) this.#since.delete(key)
        else if (!this.#since.has(key)) this.#since.set(key, this.#world.nowMs())
      }
    }
  }

  #reachedBy(start: SimNode): Set<SimNode> {
    const reached = new Set<SimNode>(start.isHealthy ? [start] : [])
    for (const node of reached) {
      for (const next of this.#world.nodes) if (next.isHealthy && this.isFree(node, next)) reached.add(next)
    }
    return reached
  }
}

const raise = (counts: Map<string, number>, key: string): number => {
  const count = (counts.get(key) ?? 0) + 1
  counts.set(key, count)
  return count
}

/** The count left; undefined where nothing was counted, as after `heal`. */
const lower = (counts: Map<string, number>, key: string): number | undefined => {
  const count = counts.get(key)
  if (count === undefined) return undefined
  if (count > 1) counts.set(key, count - 1)
  else counts.delete(key)
  return count - 1
}

const wayOf = (from: SimNode, to: SimNode): string => `${from.index} ${to.index}`
const pairOf = (a: SimNode, b: SimNode): string => (a.index < b.index ? wayOf(a, b) : wayOf(b, a))

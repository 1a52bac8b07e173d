import type { Runtime } from '@rollcall/runtime'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'
import { isAttendedHere, wordsOf } from './search-is-state.ts'

/** The filter of a node holds every word and id of the active entities it attends; in the end so does each peer's copy. */
class FiltersHoldAll implements Checker {
  readonly name = filtersHoldAll.name
  readonly #world: World
  #turn = 0

  constructor(world: World) {
    this.#world = world
  }

  interval(): void {
    const node = this.#world.nodes[this.#turn++ % this.#world.nodes.length]
    if (node !== undefined) this.#look(node)
  }

  #look({ runtime, name, diskDelayMaxMs, isHealthy }: SimNode): void {
    if (runtime === undefined || !isHealthy || diskDelayMaxMs > 0) return
    const { own } = runtime.inside.filters
    const missing = wordsToHold(runtime).find((word) => !own.mayContain(word))
    if (missing !== undefined) this.#world.fail(this.name, `the filter of ${name} lacks ${missing}`)
  }

  settled(): void {
    for (const node of this.#world.nodes) this.#look(node)
    for (const { runtime, name, id } of this.#world.nodes) {
      if (runtime === undefined) continue
      for (const other of this.#world.nodes) {
        const copy = other.id === id ? undefined : other.runtime?.inside.filters.of(id)
        const missing = copy === undefined ? undefined : wordsToHold(runtime).find((word) => !copy.mayContain(word))
        if (missing !== undefined)
          this.#world.fail(this.name, `${other.name}'s copy of the filter of ${name} lacks ${missing}`)
        if (other.id !== id && copy === undefined) this.#world.fail(this.name, `${other.name} has no filter of ${name}`)
      }
    }
  }
}

const wordsToHold = ({ inside: { state } }: Runtime): string[] =>
  [...state.holdings.values()].flatMap((holding) =>
    holding.entry.kind === 'record' && isAttendedHere(state, holding)
      ? [holding.entry.id, ...wordsOf(holding.entry.record)]
      : [],
  )

export const filtersHoldAll: CheckerKind = {
  name: 'filters-hold-all',
  rule: 'F2: the bloom filter of a node has no false negative, at any moment.',
  make: (world) => new FiltersHoldAll(world),
}

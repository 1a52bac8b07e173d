import { presenceOf } from '@rollcall/core'
import type { EntityId, Entry } from '@rollcall/protocol'
import type { Runtime } from '@rollcall/runtime'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'
import { isAttendedHere, wordsOf } from './search-is-state.ts'

/**
 * The filter of a node holds every word and id of the active entities it attends. In the end so does each peer's copy, as
 * far as the status that announces a new version has had time to come: what just moved to a node is not in it yet (F2).
 */
class FiltersHoldAll implements Checker {
  readonly name = filtersHoldAll.name
  readonly #world: World
  /** When a node last began to attend an entity, or took new words of it. */
  readonly #renewedMs = new Map<SimNode, Map<EntityId, number>>()
  #turn = 0

  constructor(world: World) {
    this.#world = world
  }

  changed(node: SimNode, id: EntityId, before: Entry | undefined, after: Entry): void {
    if (!attends(node, after)) return
    const isOld = before?.kind === 'record' && after.kind === 'record' && before.record === after.record
    if (isOld && attends(node, before)) return
    const renewed = this.#renewedMs.get(node) ?? new Map<EntityId, number>()
    this.#renewedMs.set(node, renewed.set(id, this.#world.nowMs()))
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
    const { nodes } = this.#world
    for (const node of nodes) this.#look(node)
    for (const node of nodes) for (const other of nodes) if (other !== node) this.#compare(node, other)
  }

  /** Holds the copy that `other` has of the filter of `node` to what `node` attends for longer than news of it take. */
  #compare(node: SimNode, other: SimNode): void {
    const { runtime, name, id } = node
    if (runtime === undefined) return
    const copy = other.runtime?.inside.filters.of(id)
    if (copy === undefined) return this.#world.fail(this.name, `${other.name} has no filter of ${name}`)
    const newsMs = 2 * this.#world.settings.statusIntervalMs
    const renewed = this.#renewedMs.get(node)
    const isKnown = (entity: EntityId): boolean => this.#world.nowMs() - (renewed?.get(entity) ?? 0) > newsMs
    const missing = wordsToHold(runtime, isKnown).find((word) => !copy.mayContain(word))
    if (missing !== undefined)
      this.#world.fail(this.name, `${other.name}'s copy of the filter of ${name} lacks ${missing}`)
  }
}

const attends = (node: SimNode, entry: Entry): boolean => {
  const presence = presenceOf(entry)
  return presence?.status === 'active' && presence.attendant === node.id
}

const wordsToHold = ({ inside: { state } }: Runtime, isMeant = (_: EntityId): boolean => true): string[] =>
  [...state.holdings.values()].flatMap((holding) =>
    holding.entry.kind === 'record' && isAttendedHere(state, holding) && isMeant(holding.entry.id)
      ? [holding.entry.id, ...wordsOf(holding.entry.record)]
      : [],
  )

export const filtersHoldAll: CheckerKind = {
  name: 'filters-hold-all',
  rule: 'F2: the bloom filter of a node has no false negative, at any moment.',
  make: (world) => new FiltersHoldAll(world),
}

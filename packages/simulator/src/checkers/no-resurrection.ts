import { ownerStamp } from '@rollcall/core'
import { compareStamps, type EntityId, type Entry, formatStamp, type Stamp } from '@rollcall/protocol'
import { entryOnDisk, isDeath } from '../ledger.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/**
 * What a node has once put behind an entity, an earlier birth or death, never comes back on it, unless its memory was taken
 * from outside: a crash that lost writes, a wiped disk, an old copy.
 */
class NoResurrection implements Checker {
  readonly name = noResurrection.name
  readonly #world: World
  /** Of every node and entity the greatest owner's act it ever showed. */
  readonly #reached = new Map<SimNode, Map<EntityId, Stamp>>()

  constructor(world: World) {
    this.#world = world
  }

  started(node: SimNode): void {
    for (const [id, { entry }] of node.runtime?.inside.state.holdings ?? []) this.#see(node, id, entry)
  }

  /** The end of a process takes what was not safe yet, and what a refusing disk never took. */
  ended(node: SimNode): void {
    const ids = this.#reached.get(node)?.keys() ?? []
    const left = new Map<EntityId, Stamp>()
    for (const id of ids) {
      const entry = entryOnDisk(node, id)
      if (entry !== undefined) left.set(id, ownerStamp(entry))
    }
    this.#reached.set(node, left)
  }

  diskReplaced(node: SimNode): void {
    this.#reached.delete(node)
  }

  changed(node: SimNode, id: EntityId, _before: Entry | undefined, after: Entry): void {
    this.#see(node, id, after)
  }

  settled(): void {
    for (const [id, acts] of this.#world.ledger.acts()) {
      for (const act of acts) {
        if (!isDeath(act) || act.isExcused) continue
        for (const node of this.#world.nodes) {
          const entry = node.runtime?.inside.state.holdings.get(id)?.entry
          if (entry === undefined || compareStamps(ownerStamp(entry), act.owner) >= 0) continue
          this.#world.fail(
            this.name,
            `${this.#world.trace.of(id)} was deregistered on ${act.node.name} (${formatStamp(act.owner)}), and ${node.name} shows its birth ${formatStamp(ownerStamp(entry))}`,
          )
        }
      }
    }
  }

  #see(node: SimNode, id: EntityId, entry: Entry): void {
    const reached = this.#reached.get(node) ?? new Map<EntityId, Stamp>()
    this.#reached.set(node, reached)
    const stamp = ownerStamp(entry)
    const before = reached.get(id)
    if (before !== undefined && compareStamps(stamp, before) < 0 && !isWithdrawn(node, before)) {
      this.#world.fail(
        this.name,
        `${node.name} had ended ${this.#world.trace.of(id)} with ${formatStamp(before)}, and takes ${entry.kind} ${formatStamp(stamp)}`,
      )
    } else reached.set(id, stamp)
  }
}

/** What a node finds ahead once its clock is mended was never believed by a peer whose clock is right (M4). */
export const isWithdrawn = (node: SimNode, stamp: Stamp): boolean => {
  const state = node.runtime?.inside.state
  return state !== undefined && stamp.wallMs > state.steady.at(node.machine.monotonicMs()) + state.settings.skewMs
}

export const noResurrection: CheckerKind = {
  name: 'no-resurrection',
  rule: 'T3, M2: what a deregistration ended never shows again on a node that had ended it, nor anywhere in the end.',
  make: (world) => new NoResurrection(world),
}

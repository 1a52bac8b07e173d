import { compareStamps, formatStamp } from '@rollcall/protocol'
import { type Acknowledged, entryOn, entryOnDisk, shows } from '../ledger.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/**
 * What was acknowledged is on the disk of the node that said so, whatever ends its process, and in the end on every node or
 * outranked there by a later act. Only what lay on disks that were all taken away is not asked for.
 */
class NothingLost implements Checker {
  readonly name = nothingLost.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  ended(node: SimNode): void {
    for (const [id, acts] of this.#world.ledger.acts()) {
      const onDisk = entryOnDisk(node, id)
      for (const act of acts) {
        if (act.promisedBy.has(node) && !shows(onDisk, act)) this.#lost(act, `is not on the disk of ${node.name}`)
      }
    }
  }

  settled(): void {
    for (const [id, acts] of this.#world.ledger.acts()) {
      for (const [i, act] of acts.entries()) {
        this.#checkOrder(acts[i - 1], act)
        if (act.isExcused) continue
        const without = this.#world.nodes.find((node) => !shows(entryOn(node, id), act))
        if (without !== undefined) this.#lost(act, `does not show on ${without.name} in the end`)
      }
    }
  }

  /** Acts further apart in time than any two clocks are ordered as they happened. */
  #checkOrder(earlier: Acknowledged | undefined, later: Acknowledged): void {
    if (earlier === undefined || later.askedMs - earlier.atMs <= 2 * this.#world.settings.skewMs) return
    // A stamp is issued once: with the same one the later act repeats what its node has learnt since it was asked.
    const isRepeat = later.isRepeat || compareStamps(earlier.written, later.written) === 0
    if (earlier.isMoved || later.isMoved || isRepeat || compareStamps(earlier.written, later.written) < 0) return
    // Written by a node whose clock was ahead: how it counts is settled when that clock is mended (M4).
    const aheadMs = earlier.written.wallMs - (this.#world.trueMs() - this.#world.nowMs() + earlier.atMs)
    if (aheadMs > this.#world.settings.skewMs) return
    this.#lost(later, `came later than the ${earlier.kind} of ${formatStamp(earlier.written)}, and counts as earlier`)
  }

  #lost(act: Acknowledged, what: string): void {
    const entity = this.#world.trace.of(act.id)
    const at = `${act.node.name} acknowledged at ${(act.atMs / 1000).toFixed(3)} s`
    this.#world.fail(this.name, `the ${act.kind} of ${entity} that ${at} (${formatStamp(act.written)}) ${what}`)
  }
}

export const nothingLost: CheckerKind = {
  name: 'nothing-lost',
  rule: 'L5, T1, M2: no acknowledged registration, update or deregistration is lost, unless every disk that held it is.',
  make: (world) => new NothingLost(world),
}

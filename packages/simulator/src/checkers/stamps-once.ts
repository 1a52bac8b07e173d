import type { Topic } from '@rollcall/core'
import {
  COUNTER_MAX,
  compareStamps,
  decodeStatus,
  decodeTransitions,
  formatStamp,
  openEnvelope,
  type Stamp,
} from '@rollcall/protocol'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'
import { isWithdrawn } from './no-resurrection.ts'

interface Issued {
  readonly stamp: Stamp
  readonly run: number
}

/**
 * Within one process every message bears a later stamp than all before it, and no stamp is ever issued twice by a node,
 * whatever became of process and disk in between. A crash that takes the last minute of the disk may set a node back, but
 * no further than two clocks may stand apart; and a clock that was ahead and was mended, to below what was withdrawn.
 */
class StampsOnce implements Checker {
  readonly name = stampsOnce.name
  readonly #world: World
  readonly #last = new Map<SimNode, Issued>()
  readonly #issued = new Map<SimNode, Set<string>>()

  constructor(world: World) {
    this.#world = world
  }

  published(node: SimNode, topic: Topic, message: Uint8Array): void {
    const envelope = openEnvelope(message)
    if (!envelope.ok) return
    const { payload } = envelope.value
    const content = topic === 'rollcall/status/1' ? decodeStatus(payload) : decodeTransitions(payload)
    if (!content.ok) return
    const { stamp } = content.value
    const issued = this.#issued.get(node) ?? new Set<string>()
    this.#issued.set(node, issued)
    const last = this.#last.get(node)
    const backMs = (last?.stamp.wallMs ?? 0) - stamp.wallMs
    const isBack = last !== undefined && compareStamps(stamp, last.stamp) <= 0
    const key = `${stamp.wallMs}.${stamp.counter}`
    const { skewMs } = this.#world.settings
    if (
      last !== undefined &&
      isBack &&
      !isAnew(stamp) &&
      !isWithdrawn(node, last.stamp) &&
      (last.run === node.run || backMs > 2 * skewMs)
    ) {
      const before = formatStamp(last.stamp)
      this.#world.fail(this.name, `${node.name} stamps a message ${formatStamp(stamp)} after one of ${before}`)
    } else if (issued.has(key))
      this.#world.fail(this.name, `${node.name} issues ${formatStamp(stamp)} for the second time`)
    issued.add(key)
    if (!isBack || last === undefined || last.run !== node.run) this.#last.set(node, { stamp, run: node.run })
  }
}

/** A node that followed its clock back starts its stamps anew, with counters in the upper half (M4). */
const isAnew = ({ counter }: Stamp): boolean => counter > COUNTER_MAX / 2

export const stampsOnce: CheckerKind = {
  name: 'stamps-once',
  rule: 'No node issues a stamp twice, across crashes, wipes, old copies and jumps of its clock.',
  make: (world) => new StampsOnce(world),
}

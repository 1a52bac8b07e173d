/**
 * Which numbered messages of each origin are missing (G4). Messages may overtake one another, so a gap is given a moment to
 * close by itself; then the origin is asked for the missing range, and where it cannot help, a sync is.
 */
import type { Clock } from '@rollcall/core'
import { LIMITS, type NodeId } from '@rollcall/protocol'

export interface NumberingInit {
  readonly clock: Clock
  /** How long a gap may close by itself. */
  readonly patienceMs: number
  /** Asks for missing messages. */
  readonly repair: (origin: NodeId, run: number, from: number, to: number) => void
}

interface Origin {
  run: number
  /** Every number up to here has arrived or been given up. */
  complete: number
  readonly ahead: Set<number>
  highest: number
  cancel: (() => void) | undefined
}

export class Numbering {
  readonly #init: NumberingInit
  readonly #origins = new Map<NodeId, Origin>()

  constructor(init: NumberingInit) {
    this.#init = init
  }

  /** Message `number` of `run` arrived. */
  arrived(node: NodeId, run: number, number: number): void {
    const origin = this.#origin(node, run, number - 1)
    if (origin === undefined || number <= origin.complete) return
    origin.ahead.add(number)
    origin.highest = Math.max(origin.highest, number)
    while (origin.ahead.delete(origin.complete + 1)) origin.complete++
    this.#watch(node, origin)
  }

  /** The origin says that `number` was its last message of `run`: tells of messages lost at the end. */
  announced(node: NodeId, run: number, number: number): void {
    const origin = this.#origin(node, run, number)
    if (origin === undefined) return
    origin.highest = Math.max(origin.highest, number)
    this.#watch(node, origin)
  }

  stop(): void {
    for (const origin of this.#origins.values()) origin.cancel?.()
    this.#origins.clear()
  }

  /** The state of `node` in `run`; undefined for a run that is over. A new origin counts from `baseline`: sync brings the rest. */
  #origin(node: NodeId, run: number, baseline: number): Origin | undefined {
    const known = this.#origins.get(node)
    if (known !== undefined && known.run >= run) return known.run === run ? known : undefined
    if (known === undefined && this.#origins.size >= LIMITS.membersMax) return undefined
    known?.cancel?.()
    // A later run of a known origin began after its last one: everything from its first message on is missing.
    const complete = known === undefined ? baseline : 0
    const origin: Origin = { run, complete, ahead: new Set(), highest: complete, cancel: undefined }
    this.#origins.set(node, origin)
    return origin
  }

  #watch(node: NodeId, origin: Origin): void {
    if (origin.complete >= origin.highest || origin.cancel !== undefined) return
    origin.cancel = this.#init.clock.schedule(this.#init.patienceMs, () => {
      origin.cancel = undefined
      if (origin.complete >= origin.highest) return
      const from = origin.complete + 1
      const to = origin.highest
      // Given up here: what the repair does not bring, sync will.
      origin.complete = origin.highest
      origin.ahead.clear()
      this.#init.repair(node, origin.run, from, to)
    })
  }
}

import { COUNTER_MAX, compareStamps, type NodeId, type Stamp } from '@rollcall/protocol'

const UPPER_HALF = (COUNTER_MAX + 1) / 2

/**
 * Issues the stamps of one node: each greater than every stamp it issued or observed, and as near to the node's clock as
 * that allows (Kulkarni et al. 2014). Observing is bounded by the caller: M4 refuses what lies too far ahead.
 */
export class HybridClock {
  readonly #node: NodeId
  #last: { wallMs: number; counter: number }
  /** Up to this wall time stamps were issued before the clock started anew: there, counters begin in the upper half. */
  #reissuedUpToMs = 0

  /** `floor`: no stamp at or below it is issued; pass the greatest wall time in the store (never twice, across restarts). */
  constructor(node: NodeId, floor: { readonly wallMs: number; readonly counter: number } = { wallMs: 0, counter: 0 }) {
    this.#node = node
    this.#last = { ...floor }
  }

  issue(nowMs: number): Stamp {
    const wallMs = Math.max(Math.floor(nowMs), this.#last.wallMs)
    const first = wallMs <= this.#reissuedUpToMs ? UPPER_HALF : 0
    const counter = wallMs === this.#last.wallMs ? Math.max(this.#last.counter + 1, first) : first
    this.#last = counter > COUNTER_MAX ? { wallMs: wallMs + 1, counter: 0 } : { wallMs, counter }
    return { ...this.#last, node: this.#node }
  }

  /**
   * Goes back to `nowMs`, because what was issued since bears times of a wrong clock and was withdrawn (M4). When time
   * comes by them once more, it is with other counters, so that no stamp is issued twice.
   */
  restart(nowMs: number): void {
    this.#reissuedUpToMs = Math.max(this.#reissuedUpToMs, this.#last.wallMs)
    this.#last = { wallMs: Math.floor(nowMs), counter: UPPER_HALF }
  }

  observe(stamp: Stamp): void {
    const { wallMs, counter } = stamp
    if (compareStamps(stamp, { ...this.#last, node: stamp.node }) > 0) this.#last = { wallMs, counter }
  }

  /** The greatest wall time issued or observed. */
  get wallMs(): number {
    return this.#last.wallMs
  }
}

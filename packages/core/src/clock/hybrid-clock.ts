import { COUNTER_MAX, compareStamps, type NodeId, type Stamp } from '@rollcall/protocol'

/**
 * Issues the stamps of one node: each greater than every stamp it issued or observed, and as near to the node's clock as
 * that allows (Kulkarni et al. 2014). Observing is bounded by the caller: M4 refuses what lies too far ahead.
 */
export class HybridClock {
  readonly #node: NodeId
  #last: { wallMs: number; counter: number }

  /** `floor`: no stamp at or below it is issued; pass the greatest wall time in the store (never twice, across restarts). */
  constructor(node: NodeId, floor: { readonly wallMs: number; readonly counter: number } = { wallMs: 0, counter: 0 }) {
    this.#node = node
    this.#last = { ...floor }
  }

  issue(nowMs: number): Stamp {
    const wallMs = Math.max(Math.floor(nowMs), this.#last.wallMs)
    const counter = wallMs === this.#last.wallMs ? this.#last.counter + 1 : 0
    this.#last = counter > COUNTER_MAX ? { wallMs: wallMs + 1, counter: 0 } : { wallMs, counter }
    return { ...this.#last, node: this.#node }
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

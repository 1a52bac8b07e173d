/**
 * The clock of a node (L4): the wall clock as it was at start, carried on by the monotonic clock. A step of the system
 * clock changes no deadline and refuses no beat; it is followed only when more of the nodes heard agree with the new time
 * than do not.
 */
export class SteadyClock {
  #offsetMs: number

  /** `floorMs`: the clock starts no lower; pass the greatest time in the store. */
  constructor(start: { readonly wallMs: number; readonly monotonicMs: number; readonly floorMs: number }) {
    this.#offsetMs = Math.max(start.wallMs, start.floorMs) - start.monotonicMs
  }

  /** Milliseconds since the Unix epoch. */
  at(monotonicMs: number): number {
    return monotonicMs + this.#offsetMs
  }

  /**
   * Looks whether the system clock left this one by more than a quarter of `toleranceMs`, and whether to follow. A step
   * within it hurts nobody by itself, but a clock that starts at a stored time (L4) may be behind by as much, and the next
   * to start so behind it by as much again. `peerOffsetsMs`: what each heard node's clock reads minus what this one reads.
   * Returns how far the system clock stands from this one, after following if it was followed.
   */
  consider(reading: {
    readonly wallMs: number
    readonly monotonicMs: number
    readonly peerOffsetsMs: readonly number[]
    readonly toleranceMs: number
  }): { readonly followed: boolean; readonly deviationMs: number } {
    const deviationMs = reading.wallMs - this.at(reading.monotonicMs)
    if (Math.abs(deviationMs) <= reading.toleranceMs / 4) return { followed: false, deviationMs }
    // Who reads neither time speaks for neither, and a step needs more than a doubt about the old: it counts for staying.
    const forNew = reading.peerOffsetsMs.filter((offset) => {
      const apartMs = Math.abs(offset - deviationMs)
      return apartMs <= reading.toleranceMs && apartMs < Math.abs(offset)
    }).length
    const forOld = reading.peerOffsetsMs.length - forNew
    if (forNew <= forOld) return { followed: false, deviationMs }
    this.#offsetMs += deviationMs
    return { followed: true, deviationMs: 0 }
  }
}

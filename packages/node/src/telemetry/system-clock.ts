import type { Clock } from '@rollcall/core'

/** Node runs a timer with a longer delay at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/**
 * The clocks of the operating system. A timer of Node may fire a fraction of a millisecond early, as the monotonic clock
 * has it, and cannot wait longer than 24.8 days: both are evened out here.
 */
export class SystemClock implements Clock {
  wallMs(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  schedule(delayMs: number, fn: () => void): () => void {
    if (!(delayMs >= 0)) throw new RangeError(`a timer cannot be due ${delayMs} ms from now`)
    if (delayMs === 0) {
      // A timer would wait a millisecond; whoever gives way to others in the middle of its work need not.
      const next = setImmediate(fn)
      return () => clearImmediate(next)
    }
    const dueMs = performance.now() + delayMs
    let timer: NodeJS.Timeout
    const wait = (): void => {
      const leftMs = dueMs - performance.now()
      if (leftMs <= 0) fn()
      else timer = setTimeout(wait, Math.min(Math.ceil(leftMs), TIMER_MS_MAX))
    }
    timer = setTimeout(wait, Math.min(delayMs, TIMER_MS_MAX))
    return () => clearTimeout(timer)
  }
}

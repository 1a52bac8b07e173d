/**
 * How long the event loop was held at a time: by a timer that should run every few milliseconds, as `monitorEventLoopDelay`
 * does. Beside the time on the clock it takes the time that the main thread ran meanwhile: on a busy machine a process
 * also waits for a core, and only what it ran itself is its own fault.
 */
import { openSync, readSync } from 'node:fs'
import { PerformanceObserver } from 'node:perf_hooks'

export interface Stalls {
  /** Longest delay by the clock, and the longest time that the thread itself ran in one, milliseconds. */
  readonly longestMs: number
  readonly longestOwnMs: number
  /** Delays in which the thread itself ran for more than 20 ms. */
  readonly over20Ms: number
  /** Longest pause of the garbage collector, which is part of the above. */
  readonly longestCollectionMs: number
}

const EVERY_MS = 5

export class StallMonitor {
  readonly #file: number | undefined
  readonly #buffer = Buffer.alloc(64)
  #lastMs = performance.now()
  #lastRunMs = 0
  #stalls: { -readonly [K in keyof Stalls]: number } = none()

  constructor() {
    this.#file = openIfThere('/proc/thread-self/schedstat')
    this.#lastRunMs = this.#runMs()
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries())
        this.#stalls.longestCollectionMs = Math.max(this.#stalls.longestCollectionMs, duration)
    })
    observer.observe({ entryTypes: ['gc'] })
    setInterval(() => this.#tick(), EVERY_MS).unref()
  }

  /** What was seen since the last call. */
  take(): Stalls {
    this.#tick()
    const taken = this.#stalls
    this.#stalls = none()
    return taken
  }

  #tick(): void {
    const [nowMs, runMs] = [performance.now(), this.#runMs()]
    const lateMs = Math.max(0, nowMs - this.#lastMs - EVERY_MS)
    const ownMs = Math.min(lateMs, this.#file === undefined ? lateMs : runMs - this.#lastRunMs)
    const { longestMs, longestOwnMs } = this.#stalls
    this.#stalls.longestMs = Math.max(longestMs, lateMs)
    this.#stalls.longestOwnMs = Math.max(longestOwnMs, ownMs)
    if (ownMs > 20) this.#stalls.over20Ms++
    this.#lastMs = nowMs
    this.#lastRunMs = runMs
  }

  /** Time the thread has run, from its scheduler statistics (nanoseconds first). */
  #runMs(): number {
    if (this.#file === undefined) return 0
    const length = readSync(this.#file, this.#buffer, 0, this.#buffer.length, 0)
    return Number(this.#buffer.toString('latin1', 0, length).split(' ')[0]) / 1e6
  }
}

const none = (): Stalls => ({ longestMs: 0, longestOwnMs: 0, over20Ms: 0, longestCollectionMs: 0 })

/** Undefined where the system keeps no such statistics. */
const openIfThere = (path: string): number | undefined => {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

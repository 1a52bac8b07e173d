import type { Clock } from '@rollcall/core'
import { type Timer, TimerHeap } from './timer-heap.ts'

/** 2026-01-01T00:00:00Z: a date that looks like one in a failing test, and is far from every edge. */
const DEFAULT_WALL_MS = 1_767_225_600_000

/**
 * Time that passes only when a test says so.
 *
 * Timers run in order of (time, sequence of scheduling), each with `monotonicMs()` equal to the time it was due at. A
 * timer that schedules another within the advanced span sees it run in the same call. The wall clock is the monotonic
 * one plus an offset that `stepWall` moves, so a jump of the operating system's clock leaves timers alone, as it does on
 * a real machine.
 */
export class ManualClock implements Clock {
  #nowMs = 0
  #wallOffsetMs: number
  #sequence = 0
  #advancing = false
  readonly #timers = new TimerHeap()

  /** @param wallMs what `wallMs()` shows at the start. */
  constructor(wallMs: number = DEFAULT_WALL_MS) {
    this.#wallOffsetMs = wallMs
  }

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  schedule(delayMs: number, fn: () => void): () => void {
    if (!(delayMs >= 0)) throw new RangeError(`a timer cannot be due ${delayMs} ms from now`)
    const timer: Timer = { dueMs: this.#nowMs + delayMs, sequence: this.#sequence++, run: fn, cancelled: false }
    this.#timers.push(timer)
    return () => this.#timers.cancel(timer)
  }

  /** Moves the wall clock by `ms`, forward or back. Timers and monotonic time do not notice. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /**
   * The same time line seen by a machine whose wall clock is `wallOffsetMs` off. Timers of all views run together, in
   * one order, when this clock is advanced.
   */
  view(wallOffsetMs = 0): ClockView {
    return new ClockView(this, wallOffsetMs)
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.size
  }

  /** Milliseconds until the next timer is due, or undefined where none waits. */
  nextDelayMs(): number | undefined {
    const next = this.#timers.peek()
    return next === undefined ? undefined : next.dueMs - this.#nowMs
  }

  /** Lets `ms` pass and runs what falls due. Work queued as microtasks runs only after it returns: see `advanceAsync`. */
  advance(ms: number): void {
    const untilMs = this.#begin(ms)
    try {
      for (let timer = this.#takeDue(untilMs); timer !== undefined; timer = this.#takeDue(untilMs)) timer.run()
      this.#nowMs = untilMs
    } finally {
      this.#advancing = false
    }
  }

  /**
   * Like `advance`, but lets promises settle before the first timer and after each one, as they would between two real
   * timers. Settles what depends on promises alone; work on other threads (asynchronous crypto, disk) is not awaited.
   */
  async advanceAsync(ms: number): Promise<void> {
    const untilMs = this.#begin(ms)
    try {
      await settle()
      for (let timer = this.#takeDue(untilMs); timer !== undefined; timer = this.#takeDue(untilMs)) {
        timer.run()
        await settle()
      }
      this.#nowMs = untilMs
    } finally {
      this.#advancing = false
    }
  }

  /**
   * Runs the one timer that is due next, if it is due within `ms`; otherwise lets `ms` pass and returns false. For
   * whoever settles promises between two timers in a way of their own, as a simulator does.
   */
  runNext(ms: number): boolean {
    const untilMs = this.#begin(ms)
    try {
      const timer = this.#takeDue(untilMs)
      if (timer === undefined) this.#nowMs = untilMs
      timer?.run()
      return timer !== undefined
    } finally {
      this.#advancing = false
    }
  }

  #begin(ms: number): number {
    if (!(ms >= 0)) throw new RangeError(`time cannot advance by ${ms} ms`)
    if (this.#advancing) throw new Error('this clock is being advanced already')
    this.#advancing = true
    return this.#nowMs + ms
  }

  #takeDue(untilMs: number): Timer | undefined {
    const next = this.#timers.peek()
    if (next === undefined || next.dueMs > untilMs) return undefined
    this.#nowMs = next.dueMs
    return this.#timers.pop()
  }
}

/** A `ManualClock` read through a wall clock of its own. Made by `ManualClock.view`. */
export class ClockView implements Clock {
  readonly #base: ManualClock
  #wallOffsetMs: number

  constructor(base: ManualClock, wallOffsetMs: number) {
    this.#base = base
    this.#wallOffsetMs = wallOffsetMs
  }

  wallMs(): number {
    return this.#base.wallMs() + this.#wallOffsetMs
  }

  monotonicMs(): number {
    return this.#base.monotonicMs()
  }

  schedule(delayMs: number, fn: () => void): () => void {
    return this.#base.schedule(delayMs, fn)
  }

  /** Moves only this view's wall clock. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms
  }
}

/** Resolves once every promise that can settle without a timer or I/O has: immediates run after all microtasks. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The repeating timers of a runtime, and those of which at most one of a kind may wait. All end with `stop`. */
import type { Clock, Random } from '@rollcall/core'

export class Timers {
  readonly #clock: Clock
  readonly #random: Random
  readonly #cancels = new Set<() => void>()
  readonly #once = new Map<string, () => void>()
  #stopped = false

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** Runs `fn` every `periodMs`, first after a random part of it, so that nodes do not act in step. */
  every(periodMs: number, fn: () => unknown): void {
    const arm = (delayMs: number): void => {
      if (this.#stopped) return
      const cancel = this.#clock.schedule(delayMs, () => {
        this.#cancels.delete(cancel)
        fn()
        arm(periodMs)
      })
      this.#cancels.add(cancel)
    }
    arm(periodMs * this.#random.next())
  }

  /** Runs `fn` after `delayMs`, unless one named so waits already. */
  once(name: string, delayMs: number, fn: () => void): void {
    if (this.#stopped || this.#once.has(name)) return
    const cancel = this.#clock.schedule(delayMs, () => {
      this.#once.delete(name)
      fn()
    })
    this.#once.set(name, cancel)
  }

  stop(): void {
    this.#stopped = true
    for (const cancel of [...this.#cancels, ...this.#once.values()]) cancel()
    this.#cancels.clear()
    this.#once.clear()
  }
}

import type { Clock } from '@rollcall/core'

const MINUTES = 60

/** How often something happened within the last hour, to the minute, in constant space. */
export class HourlyCount {
  readonly #clock: Clock
  readonly #perMinute = new Uint32Array(MINUTES)
  #minute: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#minute = this.#now()
  }

  add(): void {
    this.#forget()
    const slot = this.#minute % MINUTES
    this.#perMinute[slot] = (this.#perMinute[slot] ?? 0) + 1
  }

  total(): number {
    this.#forget()
    return this.#perMinute.reduce((sum, count) => sum + count, 0)
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMs() / 60_000)
  }

  #forget(): void {
    const minute = this.#now()
    const passed = Math.min(minute - this.#minute, MINUTES)
    for (let i = 1; i <= passed; i++) this.#perMinute[(this.#minute + i) % MINUTES] = 0
    this.#minute = minute
  }
}

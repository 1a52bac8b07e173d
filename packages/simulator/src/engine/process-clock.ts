import type { Clock } from '@rollcall/core'
import type { Gate } from './gate.ts'

/** The clock of one process: that of its machine, with timers that fire only when the process gets a turn. */
export class ProcessClock implements Clock {
  readonly #machine: Clock
  readonly #gate: Gate

  constructor(machine: Clock, gate: Gate) {
    this.#machine = machine
    this.#gate = gate
  }

  wallMs(): number {
    return this.#machine.wallMs()
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  schedule(delayMs: number, fn: () => void): () => void {
    let cancelled = false
    const cancel = this.#machine.schedule(delayMs, () => {
      this.#gate.enter(() => {
        if (!cancelled) fn()
      })
    })
    return () => {
      cancelled = true
      cancel()
    }
  }
}

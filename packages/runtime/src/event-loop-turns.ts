/**
 * Pieces of work that take turns on the event loop: one each time it comes round. Without it the messages of several peers,
 * read at one moment, would be worked on in one go, and everything else on this node would wait for all of them (S2).
 */
import type { Clock } from '@rollcall/core'

export class EventLoopTurns {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Resolves when it is the caller's turn; what it does until it waits again is one piece. First come, first served. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (this.#waiting.length === 1) this.#comeRound()
    })
  }

  #comeRound(): void {
    this.#clock.schedule(0, () => {
      this.#waiting.shift()?.()
      if (this.#waiting.length > 0) this.#comeRound()
    })
  }
}

/** So many at once, so many waiting, and no more. */
export class Slots {
  readonly #atOnce: number
  readonly #waitingMax: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(atOnce: number, waitingMax: number) {
    this.#atOnce = atOnce
    this.#waitingMax = waitingMax
  }

  /** Runs `work` when its turn comes; undefined at once where too many wait already. Rejects as `work` does. */
  run<T>(work: () => Promise<T>): Promise<T> | undefined {
    if (this.#running < this.#atOnce) {
      this.#running++
      return this.#keep(work)
    }
    if (this.#waiting.length >= this.#waitingMax) return undefined
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(() => this.#keep(work))
  }

  async #keep<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } finally {
      // The slot is handed over, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }
}

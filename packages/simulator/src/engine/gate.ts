import type { Clock, Random } from '@rollcall/core'

/**
 * What stands between the world and a process: every timer, message and answer enters through it. Closed, the process
 * gets no turns (SIGSTOP, a starved machine) and everything waits in order; killed, nothing ever enters again; with a lag
 * each turn comes late, as on a machine that is busy with something else.
 */
export class Gate {
  readonly #clock: Clock
  readonly #random: Random
  #waiting: (() => void)[] = []
  #isOpen = true
  #isAlive = true
  #lagMs = 0
  #turnComes = false

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  /** Whether turns come at once. */
  get isPrompt(): boolean {
    return this.#isAlive && this.#isOpen && this.#lagMs === 0 && this.#waiting.length === 0
  }

  /** Runs `fn` in the next turn of the process: now, later, or never. */
  enter(fn: () => void): void {
    if (this.isPrompt) fn()
    else if (this.#isAlive) {
      this.#waiting.push(fn)
      this.#awaitTurn()
    }
  }

  close(): void {
    this.#isOpen = false
  }

  open(): void {
    this.#isOpen = true
    this.#awaitTurn()
  }

  /** Turns come up to `lagMs` late; 0 ends it. */
  lag(lagMs: number): void {
    this.#lagMs = lagMs
  }

  kill(): void {
    this.#isAlive = false
    this.#waiting = []
  }

  #awaitTurn(): void {
    if (this.#turnComes || !this.#isOpen || this.#waiting.length === 0) return
    this.#turnComes = true
    this.#clock.schedule(this.#lagMs * this.#random.next(), () => this.#turn())
  }

  /** One turn takes in all that waits, each as an event of its own: promises settle between two. */
  #turn(): void {
    if (!this.#isOpen || !this.#isAlive) {
      this.#turnComes = false
      return
    }
    this.#waiting.shift()?.()
    if (this.#waiting.length > 0) this.#clock.schedule(0, () => this.#turn())
    else this.#turnComes = false
  }
}

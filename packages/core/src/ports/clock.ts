/** Time as the registry sees it. Nothing else in rollcall reads a clock, so a simulator can run the shipping code. */
export interface Clock {
  /** Wall time of the operating system, in milliseconds since the Unix epoch. It may jump. */
  wallMs(): number
  /** Monotonic time in milliseconds from an arbitrary start. It never goes back; it may be late after a pause. */
  monotonicMs(): number
  /** Runs `fn` once, not before `delayMs` milliseconds have passed. Returns a function that cancels it. */
  schedule(delayMs: number, fn: () => void): () => void
}

/** Time and chance as the client sees them, so that a test can pass its own. The shape is that of the ports of a node. */

export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. It may jump. */
  wallMs(): number
  /** Monotonic time in milliseconds from an arbitrary start. */
  monotonicMs(): number
  /** Runs `fn` once, not before `delayMs` milliseconds have passed. Returns a function that cancels it. */
  schedule(delayMs: number, fn: () => void): () => void
}

export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = {
  next: () => Math.random(),
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
}

/** Resolves after `delayMs`, or at once when `signal` is aborted; the caller looks at the signal. */
export const pause = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const done = (): void => {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.schedule(delayMs, done)
    signal?.addEventListener('abort', done, { once: true })
  })

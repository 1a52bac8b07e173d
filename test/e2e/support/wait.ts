/**
 * Waiting with a deadline, for what a process does in its own time.
 *
 * Deadlines are given for a machine that has nothing else to do. Where more wants to run than there are cores, everything
 * takes longer in proportion, and a deadline that did not would find faults in the machine.
 */
import { availableParallelism, loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 25

/** `ms` on this machine as busy as it is now. */
export const stretched = (ms: number): number => ms * Math.max(1, (loadavg()[0] ?? 0) / availableParallelism())

/** `promise`, or an error that names `what` after `ms` milliseconds, stretched. */
export const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  const end = new AbortController()
  const limitMs = stretched(ms)
  const late = pause(limitMs, undefined, { signal: end.signal, ref: false }).then(
    () => {
      throw new Error(`${what}: not within ${limitMs.toFixed(0)} ms`)
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    end.abort()
  }
}

/** Asks until `ask` answers with something other than undefined or false, for `ms`, stretched; resolves with it and the milliseconds it took. */
export const until = async <T>(
  ms: number,
  what: string,
  ask: () => Promise<T | undefined | false>,
): Promise<{ readonly value: T; readonly tookMs: number }> => {
  const started = performance.now()
  const limitMs = stretched(ms)
  let last: unknown
  for (;;) {
    try {
      const value = await ask()
      if (value !== undefined && value !== false) return { value, tookMs: performance.now() - started }
    } catch (error) {
      last = error
    }
    if (performance.now() - started > limitMs) {
      throw new Error(`${what}: not within ${limitMs.toFixed(0)} ms${last === undefined ? '' : ` (${String(last)})`}`)
    }
    await pause(POLL_MS)
  }
}

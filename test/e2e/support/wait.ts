/** Waiting with a deadline, for what a process does in its own time. */
import { setTimeout as pause } from 'node:timers/promises'

const POLL_MS = 25

/** `promise`, or an error that names `what` after `ms` milliseconds. */
export const within = async <T>(ms: number, what: string, promise: Promise<T>): Promise<T> => {
  const end = new AbortController()
  const late = pause(ms, undefined, { signal: end.signal, ref: false }).then(
    () => {
      throw new Error(`${what}: not within ${ms} ms`)
    },
    () => new Promise<never>(() => undefined),
  )
  try {
    return await Promise.race([promise, late])
  } finally {
    end.abort()
  }
}

/** Asks until `ask` answers with something other than undefined or false; resolves with it and the milliseconds it took. */
export const until = async <T>(
  ms: number,
  what: string,
  ask: () => Promise<T | undefined | false>,
): Promise<{ readonly value: T; readonly tookMs: number }> => {
  const started = performance.now()
  let last: unknown
  for (;;) {
    try {
      const value = await ask()
      if (value !== undefined && value !== false) return { value, tookMs: performance.now() - started }
    } catch (error) {
      last = error
    }
    if (performance.now() - started > ms) {
      throw new Error(`${what}: not within ${ms} ms${last === undefined ? '' : ` (${String(last)})`}`)
    }
    await pause(POLL_MS)
  }
}

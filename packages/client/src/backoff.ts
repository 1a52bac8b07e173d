/**
 * How long to wait before the next try: full jitter under a doubling ceiling.
 *
 * Full jitter (a uniform choice from 0 to the ceiling) spreads a crowd better than a fixed delay with a little noise: the
 * clients that one failure made simultaneous do not come back simultaneously. Source: "Exponential backoff and jitter",
 * AWS Architecture Blog.
 */
export interface BackoffLimits {
  /** Ceiling of the first wait, in milliseconds. */
  readonly baseMs: number
  /** Ceiling that is never exceeded, in milliseconds. */
  readonly capMs: number
}

/** 1 s doubling to 60 s: a client that met a dead cluster for a day is back within a minute of its return. */
export const HEARTBEAT_BACKOFF: BackoffLimits = { baseMs: 1_000, capMs: 60_000 }

/** The ceiling of the wait after `attempt` failures in a row (0 for the first). Finite for any attempt. */
export const backoffCeilingMs = (attempt: number, limits: BackoffLimits = HEARTBEAT_BACKOFF): number =>
  Math.min(limits.capMs, limits.baseMs * 2 ** Math.min(attempt, 52))

/** The wait itself, in milliseconds; `random` is a number in [0, 1). */
export const backoffMs = (attempt: number, random: number, limits: BackoffLimits = HEARTBEAT_BACKOFF): number =>
  random * backoffCeilingMs(attempt, limits)

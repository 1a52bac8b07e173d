import { BACKOFF_BASE_MS, BACKOFF_FEW_MS, BACKOFF_MAX_MS, BACKOFF_SHARE_MS, QUICK_RETRIES } from './settings.ts'

/**
 * The longest delay between two dials of one peer that cannot be reached, where so many are. Few are dialled every few
 * seconds, so that a cut that ends is noticed at once; many share what they cost.
 */
export const longestBackoffMs = (unreachable: number): number =>
  Math.min(BACKOFF_MAX_MS, Math.max(BACKOFF_FEW_MS, unreachable * BACKOFF_SHARE_MS))

/**
 * Milliseconds to wait after the `failures`th dial in a row that led nowhere (1 is the first).
 *
 * The first retries come after 0.5–1 s, then the delay doubles up to `longestMs`, 30–60 s. The jitter takes away up to half, so nodes
 * that lost the same peer at the same moment do not return together, and no delay is near zero ("equal jitter", Exponential
 * Backoff And Jitter, AWS Architecture Blog, 2015).
 *
 * @param chance a number in [0, 1).
 */
export const backoffMs = (failures: number, chance: number, longestMs: number = BACKOFF_MAX_MS): number => {
  const doublings = Math.max(0, failures - QUICK_RETRIES)
  const fullMs = Math.min(longestMs, BACKOFF_BASE_MS * 2 ** Math.min(doublings, 31))
  return fullMs * (0.5 + chance / 2)
}

import { BACKOFF_BASE_MS, BACKOFF_MAX_MS, QUICK_RETRIES } from './settings.ts'

/**
 * Milliseconds to wait after the `failures`th dial in a row that led nowhere (1 is the first).
 *
 * The first retries come after 0.5–1 s, then the delay doubles up to 30–60 s. The jitter takes away up to half, so nodes
 * that lost the same peer at the same moment do not return together, and no delay is near zero ("equal jitter", Exponential
 * Backoff And Jitter, AWS Architecture Blog, 2015).
 *
 * @param chance a number in [0, 1).
 */
export const backoffMs = (failures: number, chance: number): number => {
  const doublings = Math.max(0, failures - QUICK_RETRIES)
  const fullMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(doublings, 31))
  return fullMs * (0.5 + chance / 2)
}

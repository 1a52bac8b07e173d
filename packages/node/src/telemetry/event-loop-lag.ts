import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Clock, Metrics } from '@rollcall/core'

const RESOLUTION_MS = 10
const REPORT_EVERY_MS = 5_000
const NANOSECONDS = 1e9

const QUANTILES: readonly (readonly [label: string, percentile: number])[] = [
  ['0.5', 50],
  ['0.99', 99],
  ['1', 100],
]

/**
 * Sets `event_loop_lag_seconds{quantile}` every 5 s to how late the event loop ran over that time. The monitor measures
 * the distance between two ticks, so what it finds is the lag plus its resolution, which is taken off again.
 *
 * @returns a function that ends it.
 */
export const reportEventLoopLag = (init: { readonly clock: Clock; readonly metrics: Metrics }): (() => void) => {
  const { clock, metrics } = init
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const report = (): void => {
    for (const [quantile, percentile] of QUANTILES) {
      const seconds = delay.percentile(percentile) / NANOSECONDS - RESOLUTION_MS / 1000
      metrics.gauge('event_loop_lag_seconds', Math.max(0, seconds), { quantile })
    }
    delay.reset()
    cancel = clock.schedule(REPORT_EVERY_MS, report)
  }
  let cancel = clock.schedule(REPORT_EVERY_MS, report)
  return () => {
    cancel()
    delay.disable()
  }
}

import type { CoreSettings } from '@rollcall/core'

/** The defaults of the configuration. */
export const SETTINGS: CoreSettings = {
  intervalMs: 30_000,
  thresholdMs: 300_000,
  skewMs: 60_000,
  graceMs: 90_000,
  retentionMs: 86_400_000,
  forgetMs: 604_800_000,
  suspectMs: 15_000,
  tickMs: 1_000,
  zyndSignatures: true,
}

/** The same relations in little time, for histories in which everything happens. */
export const FAST: CoreSettings = {
  ...SETTINGS,
  intervalMs: 1_000,
  thresholdMs: 10_000,
  skewMs: 2_000,
  graceMs: 3_000,
  retentionMs: 20_000,
  forgetMs: 40_000,
  suspectMs: 1_500,
}

/** Times of a simulated cluster. Relations between them are those of the shipping defaults (L11); long waits are scaled. */
import type { RuntimeSettings } from '@rollcall/runtime'

export type Profile = 'default' | 'fast'

const MINUTE = 60_000

/** The shipping defaults, except that a tombstone is kept half an hour instead of a day, and a node an hour instead of a week. */
const DEFAULT: RuntimeSettings = {
  name: 'node',
  url: '',
  mode: 'full',
  registryHost: 'rollcall',
  version: 'simulated',
  joins: true,
  intervalMs: 30_000,
  thresholdMs: 300_000,
  skewMs: 60_000,
  graceMs: 90_000,
  retentionMs: 30 * MINUTE,
  forgetMs: 60 * MINUTE,
  suspectMs: 15_000,
  tickMs: 250,
  zyndSignatures: true,
  batchWindowMs: 50,
  gossipBytesMax: 65_536,
  syncIntervalMs: 30_000,
  statusIntervalMs: 5_000,
  sweepIntervalMs: 60_000,
  flushIntervalMs: 60_000,
  filterIntervalMs: 300_000,
  filterFalsePositiveRate: 0.01,
  inboxMax: 10_000,
  auditLinksMax: 1_000_000,
  answerTimeoutMs: 10_000,
  askTimeoutMs: 300,
}

/** The short times of `npm run cluster -- --fast`: fewer simulated hours, many more transitions in each. */
const FAST: RuntimeSettings = {
  ...DEFAULT,
  intervalMs: 1_000,
  thresholdMs: 10_000,
  skewMs: 2_000,
  graceMs: 3_000,
  retentionMs: 60_000,
  forgetMs: 180_000,
  suspectMs: 5_000,
  syncIntervalMs: 2_000,
  statusIntervalMs: 2_000,
  sweepIntervalMs: 2_000,
  flushIntervalMs: 2_000,
  filterIntervalMs: 10_000,
}

export const settingsOf = (profile: Profile): RuntimeSettings => (profile === 'fast' ? FAST : DEFAULT)

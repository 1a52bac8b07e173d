/** Whole sets of settings for a purpose, as `--set` takes them. */
import type { SettingKey } from './settings.ts'

interface ProfileEntry {
  readonly key: SettingKey
  readonly value: number | boolean
  readonly reason: string
}

/**
 * Everything a person wants to watch happens within seconds: for demonstrations and tests on one machine. Deaths show
 * after 10 s instead of 300, at the price of thirty times the beats.
 */
export const FAST_PROFILE: readonly ProfileEntry[] = [
  { key: 'heartbeat.interval_seconds', value: 1, reason: 'a beat a second' },
  { key: 'heartbeat.inactive_threshold_seconds', value: 10, reason: 'ten intervals, as in the default' },
  { key: 'heartbeat.max_clock_skew_seconds', value: 2, reason: '3 × 2 + 2 × 1 is below the threshold (L11)' },
  { key: 'heartbeat.sweep_interval_seconds', value: 2, reason: 'the safety net keeps pace' },
  { key: 'heartbeat.restart_grace_seconds', value: 3, reason: 'clients of one machine are back within it' },
  { key: 'sync.interval_seconds', value: 2, reason: 'repairs show at once' },
  { key: 'bloom.rebuild_interval_seconds', value: 10, reason: 'a few rebuilds a minute' },
  { key: 'tombstone.retention_seconds', value: 60, reason: 'a purge can be waited for' },
  { key: 'cards.allow_private_addresses', value: true, reason: 'the agents are on this machine too' },
]

/** A profile as the arguments of `--set`: `heartbeat.interval_seconds=1`. */
export const profileAssignments = (profile: readonly ProfileEntry[]): readonly string[] =>
  profile.map(({ key, value }) => `${key}=${value}`)

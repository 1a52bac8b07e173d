/** Pairs of settings that cannot both be as they are (L11). Each refusal names both and the bound. */
import type { Config } from './config.ts'
import type { SettingKey } from './settings.ts'

interface Relation {
  readonly key: SettingKey
  readonly value: (config: Config) => number
  readonly must: 'at least' | 'more than' | 'at most'
  readonly bound: (config: Config) => number
  /** The bound in the names of settings. */
  readonly words: string
  readonly why: string
}

const threshold = (config: Config): number => config.heartbeat.inactiveThresholdSeconds

export const RELATIONS: readonly Relation[] = [
  {
    key: 'heartbeat.inactive_threshold_seconds',
    value: threshold,
    must: 'at least',
    bound: ({ heartbeat }) => 3 * heartbeat.intervalSeconds,
    words: '3 × heartbeat.interval_seconds',
    why: 'otherwise one lost beat is nearly a death',
  },
  {
    key: 'heartbeat.inactive_threshold_seconds',
    value: threshold,
    must: 'at least',
    bound: ({ heartbeat }) => 3 * heartbeat.maxClockSkewSeconds + 2 * heartbeat.intervalSeconds,
    words: '3 × heartbeat.max_clock_skew_seconds + 2 × heartbeat.interval_seconds',
    why: 'otherwise an entity that moves between nodes with different clocks seems dead',
  },
  {
    key: 'heartbeat.restart_grace_seconds',
    value: ({ heartbeat }) => heartbeat.restartGraceSeconds,
    must: 'at most',
    bound: threshold,
    words: 'heartbeat.inactive_threshold_seconds',
    why: 'otherwise a restart grants more silence than a running node does',
  },
  {
    key: 'tombstone.retention_seconds',
    value: ({ tombstone }) => tombstone.retentionSeconds,
    must: 'more than',
    bound: ({ heartbeat }) => 2 * heartbeat.maxClockSkewSeconds,
    words: '2 × heartbeat.max_clock_skew_seconds',
    why: 'otherwise evidence is purged while its stamp may still lie ahead',
  },
  {
    key: 'tombstone.forget_after_seconds',
    value: ({ tombstone }) => tombstone.forgetAfterSeconds,
    must: 'at least',
    bound: ({ tombstone }) => tombstone.retentionSeconds,
    words: 'tombstone.retention_seconds',
    why: 'otherwise a node is forgotten before anything waits for it',
  },
  {
    key: 'limits.socket_idle_seconds',
    value: ({ limits }) => limits.socketIdleSeconds,
    must: 'more than',
    bound: threshold,
    words: 'heartbeat.inactive_threshold_seconds',
    why: 'otherwise a socket is closed before its entity is inactive',
  },
  {
    key: 'search.default_limit',
    value: ({ search }) => search.defaultLimit,
    must: 'at most',
    bound: ({ search }) => search.maxLimit,
    words: 'search.max_limit',
    why: 'otherwise a search that asks for nothing asks for too much',
  },
]

/** Decimal fractions in binary: 3 × 0.1 is a little more than 0.3. */
const TOLERANCE = 1e-9

const holds = (must: Relation['must'], value: number, bound: number): boolean => {
  if (must === 'at least') return value >= bound - TOLERANCE
  if (must === 'at most') return value <= bound + TOLERANCE
  return value > bound + TOLERANCE
}

/** One sentence for each relation that does not hold. */
export const contradictions = (config: Config): readonly string[] =>
  RELATIONS.filter(({ must, value, bound }) => !holds(must, value(config), bound(config))).map(
    ({ key, must, value, bound, words, why }) =>
      `${key} is ${value(config)}; it must be ${must} ${round(bound(config))} (${words}): ${why}.`,
  )

const round = (value: number): number => Number(value.toFixed(6))

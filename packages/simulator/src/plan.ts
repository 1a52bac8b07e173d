/** What a seed stands for: the cluster, its workload and its faults, drawn once at the beginning. */
import type { RuntimeSettings } from '@rollcall/runtime'
import type { SeededRandom } from '@rollcall/testkit'
import { drawFaults, type Faults } from './faults.ts'
import { type Profile, settingsOf } from './settings.ts'

export interface Plan {
  readonly profile: Profile
  readonly settings: RuntimeSettings
  readonly nodes: number
  readonly agents: number
  /** Mean time between two deeds of an agent (it comes, goes, roams, is updated …), in intervals of heartbeats. */
  readonly deedIntervals: number
  /** How long the faults last. */
  readonly stormMs: number
  /** How long the world is left alone afterwards, before everything must have come right. */
  readonly calmMs: number
  readonly faults: Faults
}

export interface PlanOptions {
  readonly nodes?: number
  readonly agents?: number
  /** Default 12. */
  readonly deedIntervals?: number
  readonly profile?: Profile
  readonly stormMs?: number
  readonly faults?: Partial<Faults>
  readonly settings?: Partial<RuntimeSettings>
}

export const drawPlan = (random: SeededRandom, options: PlanOptions = {}): Plan => {
  const pick = <T>(choices: readonly T[]): T => choices[random.below(choices.length)] as T
  const profile = options.profile ?? pick(['default', 'default', 'fast'] as const)
  const nodes = pick([2, 3, 3, 3, 4, 5])
  const agents = 3 + random.below(14)
  const intervals = 60 + random.below(120)
  const settings = { ...settingsOf(profile), ...options.settings }
  const faults = { ...drawFaults(random.split('faults'), profile), ...options.faults }
  return {
    profile,
    settings,
    nodes: options.nodes ?? nodes,
    agents: options.agents ?? agents,
    deedIntervals: options.deedIntervals ?? 12,
    stormMs: options.stormMs ?? intervals * settings.intervalMs,
    calmMs: calmMs(settings),
    faults,
  }
}

/**
 * Two thresholds for what is silent on a node that died (L6), three skews and two intervals for a clock that stood ahead
 * (B1), and a few rounds for the news of it.
 */
const calmMs = ({ thresholdMs, skewMs, intervalMs, syncIntervalMs }: RuntimeSettings): number =>
  2 * thresholdMs + 3 * skewMs + 4 * intervalMs + 4 * syncIntervalMs

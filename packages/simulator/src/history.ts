/** One history from beginning to end: a storm, a calm, and the checks. */
import type { Hasher } from '@rollcall/search/bloom'
import { SeededRandom } from '@rollcall/testkit'
import type { Checker, CheckerKind } from './checkers/checker.ts'
import { CHECKERS } from './checkers/index.ts'
import type { Mutation } from './mutations/mutation.ts'
import { drawPlan, type Plan, type PlanOptions } from './plan.ts'
import { Storm } from './storm.ts'
import type { Tally } from './tally.ts'
import { TraceWatcher } from './trace-watcher.ts'
import { Workload } from './workload/workload.ts'
import { type Failure, World } from './world.ts'

export interface HistoryOptions {
  readonly seed: string
  readonly plan?: PlanOptions
  readonly hasher: Hasher
  readonly mutation?: Mutation
  /** Default: all. */
  readonly checkers?: readonly CheckerKind[]
  /** Receives the trace, line by line. */
  readonly onLine?: (line: string) => void
}

export interface Outcome {
  readonly seed: string
  readonly plan: Plan
  readonly failure: Failure | undefined
  readonly tally: Tally
  readonly simulatedMs: number
  readonly events: number
}

/** Runs the history of a seed. Equal options give equal outcomes, and equal traces byte for byte. */
export const runHistory = async (options: HistoryOptions): Promise<Outcome> => {
  const { seed, hasher, mutation, onLine } = options
  const plan = drawPlan(new SeededRandom(seed).split('plan'), { ...mutation?.plan, ...options.plan })
  const world = new World({
    seed,
    plan,
    hasher,
    ...(mutation === undefined ? {} : { mutation }),
    ...(onLine === undefined ? {} : { onLine }),
  })
  const checkers = (options.checkers ?? CHECKERS).map((kind) => kind.make(world))
  for (const checker of checkers) world.watch(checker)
  if (world.trace.isOn) world.watch(new TraceWatcher(world.trace))
  world.trace.line('plan', '', JSON.stringify(plan))
  await live(world, checkers)
  const { tally, events, failure } = world
  return { seed, plan, failure, tally, events, simulatedMs: world.nowMs() }
}

const live = async (world: World, checkers: readonly Checker[]): Promise<void> => {
  const { plan, random } = world
  const storm = new Storm(world)
  const workload = new Workload(world)
  const startRandom = random.split('starts')
  for (const node of world.nodes) world.after(3_000 * startRandom.next(), () => node.start())
  world.every(1_000, () => {
    for (const checker of checkers) checker.second?.()
  })
  world.every(plan.settings.intervalMs, () => {
    for (const checker of checkers) void checker.interval?.()
  })
  await world.pass(5_000)
  storm.begin()
  workload.begin()
  await world.pass(plan.stormMs)
  world.trace.line('calm', '', `for ${plan.calmMs} ms`)
  storm.end()
  workload.calm()
  for (const checker of checkers) checker.calm?.()
  await world.pass(plan.calmMs)
  for (const checker of checkers) if (world.failure === undefined) await checker.settled?.()
}

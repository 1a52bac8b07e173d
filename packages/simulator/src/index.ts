/**
 * A seeded cluster of real runtimes in simulated time, with faults, checkers and mutations.
 *
 * @example
 * ```ts
 * const outcome = await runHistory({ seed: '42', hasher: await loadHasher() })
 * if (outcome.failure !== undefined) throw new Error(outcome.failure.sentence)
 * ```
 */
export { ByzantinePeer } from './byzantine/byzantine-peer.ts'
export type { LieKind } from './byzantine/lies.ts'
export type { Checker, CheckerKind } from './checkers/checker.ts'
export { CHECKERS } from './checkers/index.ts'
export { type Faults, NO_FAULTS } from './faults.ts'
export { kindOfChange } from './healing/changes.ts'
export { type Healing, type HealingInit, measureHealing, type Syncs } from './healing/healing.ts'
export { type HistoryOptions, type Outcome, runHistory } from './history.ts'
export type { Handed } from './ledger.ts'
export { catchMutation, MUTATIONS, runMutation } from './mutations/index.ts'
export type { Mutation } from './mutations/mutation.ts'
export { LOST, type SimNode } from './node/sim-node.ts'
export type { Watcher } from './node/watch.ts'
export { PINNED, type Pinned } from './pinned.ts'
export { drawPlan, type Plan, type PlanOptions } from './plan.ts'
export { TraceWatcher } from './trace-watcher.ts'
export { Agent, type AgentInit } from './workload/agent.ts'
export { Developer, type DeveloperInit } from './workload/developer.ts'
export { ask, handIn } from './workload/hand-in.ts'
export { Instance } from './workload/instance.ts'
export { Owner } from './workload/owner.ts'
export { type Failure, type Inhabitant, loadHasher, World } from './world.ts'

import type { Mesh, Store } from '@rollcall/core'
import type { Verifier } from '@rollcall/protocol'
import type { RuntimeInside, RuntimeSettings } from '@rollcall/runtime'
import type { SimNode } from '../node/sim-node.ts'
import type { PlanOptions } from '../plan.ts'

/**
 * A rule broken on purpose, from outside: a port wrapped, a setting changed, a method of one state replaced. The code that
 * ships has no switch for it. The checker of the rule must see it.
 */
export interface Mutation {
  readonly name: string
  /** What is wrong now, in one sentence. */
  readonly breaks: string
  /** Name of the checker that must fire. */
  readonly caughtBy: string
  /** A seed in which it does, and what is fixed of its plan. */
  readonly seed: string
  readonly plan?: PlanOptions
  readonly settings?: (settings: RuntimeSettings, node: SimNode) => RuntimeSettings
  readonly store?: (store: Store, node: SimNode) => Store
  readonly mesh?: (mesh: Mesh, node: SimNode) => Mesh
  readonly verifier?: (verifier: Verifier, node: SimNode) => Verifier
  /** Called before the runtime starts. */
  readonly inside?: (inside: RuntimeInside, node: SimNode) => void
}

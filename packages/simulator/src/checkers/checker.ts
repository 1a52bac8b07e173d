import type { Watcher } from '../node/watch.ts'
import type { World } from '../world.ts'

/**
 * Holds the nodes of a world to one rule. It watches what happens (`Watcher`), looks at everything now and then, and says
 * `world.fail(name, sentence)` where the rule does not hold. Checkers read; they never change what they see.
 */
export interface Checker extends Watcher {
  /** Named after its rule. */
  readonly name: string
  /** Every simulated second. */
  second?(): void
  /** Every `interval` of heartbeats: for what costs more than a look. */
  interval?(): void | Promise<void>
  /** The faults have ended. */
  calm?(): void
  /** Once, at the end of the calm. */
  settled?(): void | Promise<void>
}

/** Makes a checker for one world. */
export interface CheckerKind {
  readonly name: string
  /** What must hold, in one sentence, with the ids of its rules. */
  readonly rule: string
  make(world: World): Checker
}

import type { CheckerKind } from './checker.ts'
import { equalState } from './equal-state.ts'
import { noResurrection } from './no-resurrection.ts'

/** Every rule the simulator holds the nodes to. */
export const CHECKERS: readonly CheckerKind[] = [equalState, noResurrection]

import { auditChain } from './audit-chain.ts'
import { bounded } from './bounded.ts'
import type { CheckerKind } from './checker.ts'
import { derivedState } from './derived-state.ts'
import { detectionTime } from './detection-time.ts'
import { equalState } from './equal-state.ts'
import { evidence } from './evidence.ts'
import { filtersHoldAll } from './filters-hold-all.ts'
import { noFalseInactive } from './no-false-inactive.ts'
import { noInternalError } from './no-internal-error.ts'
import { noResurrection } from './no-resurrection.ts'
import { nothingLost } from './nothing-lost.ts'
import { oneOutcome } from './one-outcome.ts'
import { persistThenPublish } from './persist-then-publish.ts'
import { rightInTheEnd } from './right-in-the-end.ts'
import { searchIsState } from './search-is-state.ts'
import { stampsOnce } from './stamps-once.ts'

/** Every rule the simulator holds the nodes to. */
export const CHECKERS: readonly CheckerKind[] = [
  equalState,
  noResurrection,
  nothingLost,
  evidence,
  noFalseInactive,
  rightInTheEnd,
  detectionTime,
  persistThenPublish,
  searchIsState,
  filtersHoldAll,
  bounded,
  derivedState,
  auditChain,
  stampsOnce,
  oneOutcome,
  noInternalError,
]

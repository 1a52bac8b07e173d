export { CHECKERS } from './checkers/index.ts'
export { type Faults, NO_FAULTS } from './faults.ts'
export { type HistoryOptions, type Outcome, runHistory } from './history.ts'
export { loadHasher } from './world.ts'

export type { FilterBuilder } from './filters.ts'
export { createRuntime, type Runtime, type RuntimeInit, type RuntimeInside } from './runtime.ts'
export type { RuntimeSettings } from './settings.ts'

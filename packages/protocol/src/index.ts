export * from './ids.ts'
export * from './text.ts'

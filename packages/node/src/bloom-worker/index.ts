export * from './bloom-worker.ts'

export * from './store/memory-disk.ts'
export * from './store/memory-store.ts'
export * from './store/store-compliance.ts'

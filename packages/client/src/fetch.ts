/**
 * The part of the SDK that needs `fetch` and nothing else: registering, searching, watching. For platforms without sockets
 * (edge functions, workers), and for pages that only read; `HeartbeatSession` is in the main entry.
 */
export { generateSeed, nobleSigner } from '@rollcall/identity'
export * from './answers.ts'
export * from './backoff.ts'
export * from './client.ts'
export * from './clock.ts'
export * from './developer.ts'
export * from './errors.ts'
export type { Answer, Fetch } from './http/exchange.ts'
export * from './names.ts'
export * from './search.ts'
export * from './version.ts'
export type { WatchOptions } from './watch.ts'

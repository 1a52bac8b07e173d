/**
 * The SDK of rollcall, for Node and browsers: `RollcallClient` registers, searches and watches, `HeartbeatSession` keeps
 * entities alive. Node before 22 has no WebSocket; `@rollcall/client/node` brings one.
 */
export { generateSeed, nobleSigner } from '@rollcall/identity'
export * from './answers.ts'
export * from './backoff.ts'
export * from './client.ts'
export * from './clock.ts'
export * from './errors.ts'
export type { Answer, Fetch } from './http/exchange.ts'
export * from './search.ts'
export * from './session/events.ts'
export * from './session/heartbeat-session.ts'
export * from './sockets.ts'
export * from './version.ts'
export type { WatchOptions } from './watch.ts'

/**
 * The SDK of rollcall, for Node and browsers: `RollcallClient` registers, searches and watches, `HeartbeatSession` keeps
 * entities alive. Node before 22 has no WebSocket; `@rollcall/client/node` brings one.
 */
export * from './fetch.ts'
export * from './session/events.ts'
export * from './session/frames.ts'
export * from './session/heartbeat-session.ts'
export * from './sockets.ts'

/**
 * A rollcall node as one process: configuration, wiring, start and stop.
 *
 * @example
 * process.exitCode = await runNode({ config: '/etc/rollcall/node.toml', set: ['log.level=debug'] })
 */

export * from './admin-tokens.ts'
export * from './backup/index.ts'
export * from './bloom-worker/index.ts'
export * from './config/index.ts'
export * from './key.ts'
export * from './run.ts'
export * from './start.ts'
export * from './start-error.ts'
export * from './telemetry/index.ts'
export * from './version.ts'

/**
 * HTTP API, heartbeat sockets and event feed in front of the `Registry` port.
 *
 * @example
 * const gateway = createGateway({ registry, clock, random, log, metrics, info: { name: 'node-a', version: '0.1.0', url: '' } })
 * const { port } = await gateway.start({ host: '127.0.0.1', port: 0 })
 * await gateway.stop()
 */
export { createGateway } from './gateway.ts'
export type { Gateway, GatewayInfo, GatewayInit } from './init.ts'
export { GATEWAY_DEFAULTS, type GatewaySettings, gatewaySettings } from './settings.ts'

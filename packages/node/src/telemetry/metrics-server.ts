import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '@rollcall/core'

export interface MetricsServerInit {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly contentType: string
  readonly text: () => Promise<string>
  readonly log: Log
}

export interface MetricsServer {
  readonly port: number
  stop(): Promise<void>
}

const HEADERS_TIMEOUT_MS = 5_000
const CONNECTIONS_MAX = 64

/**
 * Serves `GET /metrics` on an address of its own (`metrics.listen`), for everyone who can reach it: so that the API can be
 * public while its metrics are not.
 *
 * Rejects where the address cannot be had.
 */
export const startMetricsServer = async (init: MetricsServerInit): Promise<MetricsServer> => {
  const server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS }, (request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('only GET /metrics is served here\n')
      return
    }
    init.text().then(
      (text) => response.writeHead(200, { 'content-type': init.contentType }).end(text),
      (error: unknown) => {
        init.log.error('the metrics cannot be written', { error })
        response.writeHead(500).end()
      },
    )
  })
  server.maxConnections = CONNECTIONS_MAX
  server.listen({ host: init.host, port: init.port })
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** What Node before 22 lacks: a WebSocket. Everything else of the client is in the main entry, which runs in browsers too. */
import { WebSocket } from 'ws'
import type { WebSocketClass } from './sockets.ts'

/** No compression: it costs a quarter of a megabyte a connection, and beats are small. */
const options = { perMessageDeflate: false, handshakeTimeout: 10_000, maxPayload: 64 * 1024, followRedirects: false }

/** The WebSocket of `ws`, to be passed as `WebSocket` to a `HeartbeatSession`. */
export const nodeWebSocket: WebSocketClass = class extends WebSocket {
  constructor(url: string) {
    super(url, options)
  }
}

/**
 * Gives a request back to Node's HTTP server that came here because of an Upgrade header nobody takes up.
 *
 * Once a server listens for upgrades, Node hands it every request with such a header, and Java's HTTP client sends
 * `Upgrade: h2c` with every first request. RFC 9110 §7.8 lets a server ignore the header, but Node 20 has no way to say so
 * (`shouldUpgradeCallback` came in 24.9): so the request is written once more, without the header, in front of what the
 * socket still holds, and the socket is handed in as a new connection.
 */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

const DROPPED = new Set(['upgrade', 'http2-settings', 'connection'])

export const reinject = (server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void => {
  const lines = [`${request.method} ${request.url} HTTP/1.1`]
  const { rawHeaders } = request
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? ''
    if (!DROPPED.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[i + 1] ?? ''}`)
  }
  server.emit('connection', socket)
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  socket.resume()
}

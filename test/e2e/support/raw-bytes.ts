/** Bytes on a connection, for what no proper client sends. */
import { connect } from 'node:net'
import { within } from './wait.ts'

/** Sends bytes, then `after` once the answer matches `until`; resolves with all that came until the other side closed. */
export const exchangeBytes = (
  port: number,
  bytes: string | Uint8Array,
  then?: { readonly after: Uint8Array; readonly until: RegExp },
): Promise<Buffer> =>
  within(
    10_000,
    `port ${port} to close the connection`,
    new Promise((resolve) => {
      const chunks: Buffer[] = []
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
      let waits = then !== undefined
      socket.on('data', (chunk) => {
        chunks.push(chunk)
        if (!waits || then === undefined || !then.until.test(Buffer.concat(chunks).toString('latin1'))) return
        waits = false
        socket.write(then.after)
      })
      // A reset is one way to be told.
      socket.on('error', () => socket.destroy())
      socket.on('close', () => resolve(Buffer.concat(chunks)))
    }),
  )

/** An HTTP request for a WebSocket, by hand. */
export const upgradeRequest = (path: string): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: node',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n')

/** The code of the close frame (RFC 6455, 5.5.1) in what a server sent after its handshake; undefined without one. */
export const closeCodeIn = (received: Buffer): number | undefined => {
  let at = received.indexOf('\r\n\r\n') + 4
  while (at + 2 <= received.length) {
    const length = (received[at + 1] ?? 0) & 0x7f
    const wide = length === 126
    const size = wide ? received.readUInt16BE(at + 2) : length
    const body = at + (wide ? 4 : 2)
    if (((received[at] ?? 0) & 0x0f) === 8) return received.readUInt16BE(body)
    at = body + size
  }
  return undefined
}

import { getNetConfig } from '@libp2p/utils'
import type { Multiaddr } from '@multiformats/multiaddr'
import { type ClientOptions, WebSocket } from 'ws'
import { SOCKET_CLOSE_TIMEOUT_MS, SOCKET_FRAME_BYTES_MAX } from './settings.ts'

/** The code that means "closed without a close frame" and so can never be in one (RFC 6455, 7.4.1). */
const ABNORMAL_CLOSURE = 1006

/**
 * The socket a dial opens: that of `ws` on every Node, in place of the global one, which Node 20 lacks and which in later
 * ones waits without end for a frozen peer to say goodbye, and keeps the process that long.
 *
 * It holds what arrives until somebody listens. `ws` hands messages out as soon as the socket is open, libp2p listens only
 * once the promise of that opening has settled, and with a pre-shared key the other side speaks first: its first 24 bytes
 * fell in between, and every dial timed out.
 */
class ClientSocket extends WebSocket {
  constructor(url: string, options: ClientOptions) {
    super(url, options)
    this.binaryType = 'arraybuffer'
    // libp2p does not listen for errors. They tell nothing that the close after them does not, but would end the process.
    this.on('error', () => undefined)
    this.once('open', () => {
      this.pause()
      this.on('newListener', (event) => {
        if (event === 'message') this.resume()
      })
    })
  }

  override close(code?: number, reason?: string | Buffer): void {
    closeSocket((...args) => super.close(...args), code, reason)
  }
}

/** libp2p resets a connection by closing its socket with code 1006, at which `ws` throws and leaves it open. */
export const closeSocket = (
  close: (code?: number, reason?: string | Buffer) => void,
  code: number | undefined,
  reason: string | Buffer | undefined,
): void => (code === ABNORMAL_CLOSURE ? close() : close(code, reason))

/**
 * Opens a WebSocket to `address`.
 *
 * @throws Error of the connection, or the reason of `signal` when it aborts first.
 */
export const openSocket = (
  address: Multiaddr,
  options: { readonly hasPsk: boolean; readonly signal: AbortSignal | undefined },
): Promise<WebSocket> =>
  new Promise((resolve, reject) => {
    const { signal } = options
    const socket = new ClientSocket(urlOf(address), socketOptions(address, options.hasPsk))
    const onAbort = () => {
      socket.terminate()
      reject(signal?.reason)
    }
    if (signal?.aborted) onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })
    const settle = (then: () => void) => {
      signal?.removeEventListener('abort', onAbort)
      then()
    }
    socket.once('open', () => settle(() => resolve(socket)))
    socket.once('error', (error) => settle(() => reject(error)))
  })

const urlOf = (address: Multiaddr): string => {
  const { host, port, type } = getNetConfig(address)
  const isSecure = address.getComponents().some(({ name }) => name === 'tls' || name === 'wss')
  return `${isSecure ? 'wss' : 'ws'}://${type === 'ip6' ? `[${host}]` : host}:${port}`
}

const FAMILIES: Readonly<Record<string, number>> = { dns4: 4, dns6: 6 }

const socketOptions = (address: Multiaddr, hasPsk: boolean): ClientOptions & { closeTimeout: number } => {
  const family = FAMILIES[getNetConfig(address).type]
  return {
    perMessageDeflate: false,
    closeTimeout: SOCKET_CLOSE_TIMEOUT_MS,
    ...(hasPsk ? {} : { maxPayload: SOCKET_FRAME_BYTES_MAX }),
    ...(family === undefined ? {} : { family }),
  }
}

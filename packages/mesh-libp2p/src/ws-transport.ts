import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import type { WebSocket } from 'ws'
import { closeSocket, openSocket } from './client-socket.ts'
import { SOCKET_CLOSE_TIMEOUT_MS, SOCKET_FRAME_BYTES_MAX } from './settings.ts'

/**
 * libp2p's WebSocket transport (10.1) with its gaps closed:
 *
 * 1. It dials with the global WebSocket. It is given `ClientSocket` instead, see there; a failed dial is then an Error,
 *    not a DOM Event that libp2p's callers cannot name or retry.
 * 2. A dial that fails after the socket opened (a wrong id, a second connection turned away) leaves the socket open.
 * 3. An aborted connection leaves its socket open as well, and the peer in the belief that it is connected.
 * 4. Nobody listens for the error of an accepted socket, so six malformed bytes from anybody end the process.
 * 5. The listener takes frames of 100 MiB from anybody, before any handshake. Nothing honest is over
 *    `SOCKET_FRAME_BYTES_MAX`, except with a pre-shared key, where whole write buffers are encrypted into one frame.
 *
 * All this reaches into its internals; where those have moved, making the transport or its listener fails.
 */
export const webSocketTransport =
  (options: { readonly hasPsk: boolean }) =>
  (components: WebSocketsComponents): Transport => {
    const transport = webSockets()(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    const sockets = new WeakMap<object, WebSocket>()
    if (typeof Reflect.get(transport, '_connect') !== 'function') throw changed('the opening of sockets')
    Reflect.set(transport, '_connect', async (address: Multiaddr, dialOptions: { readonly signal?: AbortSignal }) => {
      const socket = await openSocket(address, { hasPsk: options.hasPsk, signal: dialOptions.signal })
      sockets.set(dialOptions, socket)
      return socket
    })
    transport.dial = async (address, dialOptions) => {
      const key = { ...dialOptions }
      try {
        return await dial(address, key)
      } catch (error) {
        sockets.get(key)?.close()
        throw error
      }
    }
    transport.createListener = (listenerOptions: CreateListenerOptions): Listener => {
      const listener = createListener(listenerOptions)
      guardSockets(listener)
      const settings = serverSettings(listener)
      Reflect.set(settings, 'closeTimeout', SOCKET_CLOSE_TIMEOUT_MS)
      if (!options.hasPsk) Reflect.set(settings, 'maxPayload', SOCKET_FRAME_BYTES_MAX)
      return listener
    }
    return transport
  }

/** Repairs each socket the listener accepts: its error is listened for, and a reset closes it. */
const guardSockets = (listener: Listener): void => {
  const accept: unknown = Reflect.get(listener, 'onWsServerConnection')
  if (typeof accept !== 'function') throw changed('the handler of connections')
  const guarded = (socket: WebSocket, request: unknown): void => {
    // It tells nothing that the close after it does not.
    socket.on('error', () => undefined)
    const close = socket.close.bind(socket)
    socket.close = (code, reason) => closeSocket(close, code, reason)
    Reflect.apply(accept, listener, [socket, request])
  }
  Reflect.set(listener, 'onWsServerConnection', guarded)
}

/** The settings of the `ws` server within the listener, which offers no options for them. */
const serverSettings = (listener: Listener): object => {
  const server: unknown = Reflect.get(listener, 'wsServer')
  const settings: unknown = typeof server === 'object' && server !== null ? Reflect.get(server, 'options') : undefined
  if (typeof settings !== 'object' || settings === null) throw changed('the WebSocket server')
  return settings
}

const changed = (what: string): Error =>
  new Error(`the WebSocket transport of libp2p has changed: ${what} is no longer where it was`)

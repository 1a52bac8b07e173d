import type { EventEmitter } from 'node:events'
import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { SOCKET_CLOSE_TIMEOUT_MS, SOCKET_FRAME_BYTES_MAX } from './settings.ts'

/**
 * libp2p's WebSocket transport (10.1) with its gaps closed:
 *
 * 1. A failed dial rejects with a DOM Event, which libp2p's callers cannot name or retry. It becomes an Error.
 * 2. A dial that fails after the socket opened (a wrong id, a second connection turned away) leaves the socket open.
 * 3. An aborted connection leaves its socket open as well, and the peer in the belief that it is connected: the transport
 *    closes it with code 1006, which no WebSocket may send, so closing throws. It is closed without a code.
 * 4. Nobody listens for the error of an accepted socket, so six malformed bytes from anybody end the process.
 * 5. The listener takes frames of 100 MiB from anybody, before any handshake. Nothing honest is over
 *    `SOCKET_FRAME_BYTES_MAX`, except with a pre-shared key, where whole write buffers are encrypted into one frame.
 *
 * All but the first reach into its internals; where those have moved, making the transport or its listener fails.
 */
export const webSocketTransport =
  (options: { readonly hasPsk: boolean }) =>
  (components: WebSocketsComponents): Transport => {
    const transport = webSockets()(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    const sockets = noteSockets(transport)
    transport.dial = async (address, dialOptions) => {
      const key = { ...dialOptions }
      try {
        return await dial(address, key)
      } catch (failure) {
        sockets.get(key)?.close()
        throw failure instanceof Error ? failure : new Error(`cannot connect to ${address}: ${reasonOf(failure)}`)
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

/** The text of an ErrorEvent: Node's is in `error`, that of `ws` in `message`. */
const reasonOf = (event: unknown): string => {
  if (typeof event !== 'object' || event === null) return String(event)
  const { error, message } = event as { readonly error?: unknown; readonly message?: unknown }
  if (error instanceof Error && error.message !== '') return error.message
  return typeof message === 'string' && message !== '' ? message : 'the WebSocket failed'
}

interface Closable {
  close(code?: number, reason?: string): void
}

/** The code that means "closed without a close frame" and so can never be in one (RFC 6455, 7.4.1). */
const ABNORMAL_CLOSURE = 1006

/** Makes `close(1006)` close the socket. */
const closeOnReset = <S extends Closable>(socket: S): S => {
  const close = socket.close.bind(socket)
  socket.close = (code, reason) => (code === ABNORMAL_CLOSURE ? close() : close(code, reason))
  return socket
}

/** The socket that each dial opened, by the options it was called with. */
const noteSockets = (transport: Transport): WeakMap<object, Closable> => {
  const sockets = new WeakMap<object, Closable>()
  const connect: unknown = Reflect.get(transport, '_connect')
  if (typeof connect !== 'function') throw changed('the opening of sockets')
  const noting = async (address: unknown, dialOptions: object): Promise<Closable> => {
    const socket = closeOnReset((await Reflect.apply(connect, transport, [address, dialOptions])) as Closable)
    sockets.set(dialOptions, socket)
    return socket
  }
  Reflect.set(transport, '_connect', noting)
  return sockets
}

/** Listens for the error of each accepted socket. It tells nothing that the close after it does not. */
const guardSockets = (listener: Listener): void => {
  const accept: unknown = Reflect.get(listener, 'onWsServerConnection')
  if (typeof accept !== 'function') throw changed('the handler of connections')
  const guarded = (socket: EventEmitter & Closable, request: unknown): void => {
    socket.on('error', () => undefined)
    Reflect.apply(accept, listener, [closeOnReset(socket), request])
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

import type { EventEmitter } from 'node:events'
import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { SOCKET_FRAME_BYTES_MAX } from './settings.ts'

/**
 * libp2p's WebSocket transport with three repairs.
 *
 * A failed dial rejects with a DOM Event, which libp2p's callers cannot name or retry: it becomes an Error here. Nobody
 * listens for the error of an accepted socket, so six malformed bytes from anybody would end the process: somebody does
 * here. And the listener takes frames of 100 MiB from anybody, before any handshake; nothing honest is over
 * `SOCKET_FRAME_BYTES_MAX`, except with a pre-shared key, where whole write buffers are encrypted into one frame.
 */
export const webSocketTransport =
  (options: { readonly hasPsk: boolean }) =>
  (components: WebSocketsComponents): Transport => {
    const transport = webSockets()(components)
    const dial = transport.dial.bind(transport)
    const createListener = transport.createListener.bind(transport)
    transport.dial = async (address, dialOptions) => {
      try {
        return await dial(address, dialOptions)
      } catch (failure) {
        throw failure instanceof Error ? failure : new Error(`cannot connect to ${address}: ${reasonOf(failure)}`)
      }
    }
    transport.createListener = (listenerOptions: CreateListenerOptions): Listener => {
      const listener = createListener(listenerOptions)
      surviveErrors(listener)
      if (!options.hasPsk) limitFrames(listener)
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

type Accept = (socket: EventEmitter, request: unknown) => void

/** Listens for the error of each accepted socket. It tells nothing that the close after it does not. */
const surviveErrors = (listener: Listener): void => {
  const accept: unknown = Reflect.get(listener, 'onWsServerConnection')
  if (typeof accept !== 'function') throw changed('its handler of connections')
  const guarded: Accept = (socket, request) => {
    socket.on('error', () => undefined)
    Reflect.apply(accept, listener, [socket, request])
  }
  Reflect.set(listener, 'onWsServerConnection', guarded)
}

/** The listener offers no option for it, so this sets the one of the `ws` server within. */
const limitFrames = (listener: Listener): void => {
  const server: unknown = Reflect.get(listener, 'wsServer')
  const settings: unknown = typeof server === 'object' && server !== null ? Reflect.get(server, 'options') : undefined
  if (typeof settings !== 'object' || settings === null) throw changed('its frame limit')
  Reflect.set(settings, 'maxPayload', SOCKET_FRAME_BYTES_MAX)
}

const changed = (what: string): Error =>
  new Error(`the WebSocket listener of libp2p has changed: ${what} is no longer where it was`)

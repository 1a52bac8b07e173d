import type { CreateListenerOptions, Listener, Transport } from '@libp2p/interface'
import { type WebSocketsComponents, webSockets } from '@libp2p/websockets'
import { SOCKET_FRAME_BYTES_MAX } from './settings.ts'

/**
 * libp2p's WebSocket transport with two repairs.
 *
 * A failed dial rejects with a DOM Event, which libp2p's callers cannot name or retry: it becomes an Error here. And the
 * listener takes frames of 100 MiB from anybody, before any handshake; nothing honest is over `SOCKET_FRAME_BYTES_MAX`,
 * except with a pre-shared key, where whole write buffers are encrypted into one frame.
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

/** The listener offers no option for it, so this sets the one of the `ws` server within. */
const limitFrames = (listener: Listener): void => {
  const server: unknown = Reflect.get(listener, 'wsServer')
  const settings: unknown = typeof server === 'object' && server !== null ? Reflect.get(server, 'options') : undefined
  if (typeof settings !== 'object' || settings === null) {
    throw new Error('the WebSocket listener of libp2p has changed: its frame limit is no longer where it was')
  }
  Reflect.set(settings, 'maxPayload', SOCKET_FRAME_BYTES_MAX)
}

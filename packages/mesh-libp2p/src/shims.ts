/**
 * What libp2p 3 needs and Node 20 lacks: `Promise.withResolvers` and a global `WebSocket`.
 *
 * Must be imported before any module of libp2p: imports run depth first, in order. On Node 22 and later this file changes
 * nothing; it may go, with the `ws` dependency, when `engines` asks for Node 22.
 */
import { WebSocket as NodeWebSocket } from 'ws'
import { SOCKET_CLOSE_TIMEOUT_MS } from './settings.ts'

const CLIENT_OPTIONS = { perMessageDeflate: false, closeTimeout: SOCKET_CLOSE_TIMEOUT_MS }

/**
 * The client of `ws`, made to hold what arrives until somebody listens.
 *
 * `ws` hands out messages as soon as the socket is open, while libp2p attaches its listener only after the promise of
 * that opening has settled. With a pre-shared key the listener side speaks first, its first 24 bytes were lost in
 * between and every dial timed out. And libp2p stops listening for errors once the socket is open, so a malformed frame
 * of the peer would end the process; the close that follows an error tells all there is to tell.
 */
class HeldWebSocket extends NodeWebSocket {
  constructor(address: string | URL, protocols?: string | string[]) {
    super(address, protocols, CLIENT_OPTIONS)
    this.on('error', () => undefined)
    this.once('open', () => {
      if (this.listenerCount('message') > 0) return
      this.pause()
      this.on('newListener', (event) => {
        if (event === 'message') this.resume()
      })
    })
  }
}

interface Resolvers {
  promise: Promise<unknown>
  resolve: (value: unknown) => void
  reject: (reason?: unknown) => void
}

function withResolvers(this: PromiseConstructor): Resolvers {
  const resolvers: Partial<Resolvers> = {}
  const promise = new this((resolve, reject) => {
    Object.assign(resolvers, { resolve, reject })
  })
  return Object.assign(resolvers, { promise }) as Resolvers
}

const define = (target: object, name: string, value: unknown): void => {
  if (!(name in target)) Object.defineProperty(target, name, { configurable: true, writable: true, value })
}

define(Promise, 'withResolvers', withResolvers)
define(globalThis, 'WebSocket', HeldWebSocket)

/**
 * What libp2p 3 needs and Node 20 lacks: `Promise.withResolvers`. The global WebSocket, which Node 20 lacks as well, is not
 * needed: see client-socket.ts.
 *
 * Must be imported before any module of libp2p: imports run depth first, in order. On Node 22 and later this file changes
 * nothing; it may go when `engines` asks for Node 22.
 */
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

if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', { configurable: true, writable: true, value: withResolvers })
}

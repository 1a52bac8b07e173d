import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/**
 * A TCP proxy that can blackhole the connections it has: nothing passes any more, and neither end hears of it. Connections
 * made later pass as before.
 */
export class FreezingProxy {
  readonly #server: Server
  #live: Socket[] = []
  readonly #all: Socket[] = []

  private constructor(targetPort: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const target = connect({ port: targetPort, host: '127.0.0.1', allowHalfOpen: true })
      for (const socket of [client, target]) socket.on('error', () => socket.destroy())
      client.pipe(target)
      target.pipe(client)
      this.#live.push(client, target)
      this.#all.push(client, target)
    })
  }

  static async to(targetPort: number): Promise<FreezingProxy> {
    const proxy = new FreezingProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  /** Connections ever taken. */
  get accepted(): number {
    return this.#all.length / 2
  }

  /** Ends of connections that are open now. */
  get open(): number {
    return this.#all.filter((socket) => !socket.destroyed).length
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  freeze(): void {
    for (const socket of this.#live) {
      socket.unpipe()
      socket.pause()
    }
    this.#live = []
  }

  async close(): Promise<void> {
    for (const socket of this.#all) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** A way to a port that can be shut, where what connects is held, unanswered, until it opens; and that can be slow. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class Gate {
  readonly port: number
  readonly #server: Server
  readonly #to: number
  readonly #waiting: Socket[] = []
  readonly #sockets = new Set<Socket>()
  #isOpen = false
  /** How late bytes arrive, in both directions; their order is kept. */
  delayMs = 0

  private constructor(server: Server, port: number, to: number) {
    this.#server = server
    this.port = port
    this.#to = to
    server.on('connection', (socket) => {
      this.#keep(socket)
      if (this.#isOpen) this.#pass(socket)
      else this.#waiting.push(socket)
    })
  }

  /** A shut gate to `port` of this machine. */
  static async before(port: number): Promise<Gate> {
    const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the gate has no port')
    return new Gate(server, address.port, port)
  }

  open(): void {
    this.#isOpen = true
    for (const socket of this.#waiting.splice(0)) if (!socket.destroyed) this.#pass(socket)
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #pass(socket: Socket): void {
    const other = connect(this.#to, '127.0.0.1')
    this.#keep(other)
    this.#carry(socket, other)
    this.#carry(other, socket)
    socket.resume()
    socket.once('close', () => other.destroy())
    other.once('close', () => socket.destroy())
  }

  #carry(from: Socket, to: Socket): void {
    const onTheWay: Buffer[] = []
    from.on('data', (bytes) => {
      onTheWay.push(bytes)
      // Whichever timer fires first, the oldest bytes go first.
      const arrive = (): void => {
        const oldest = onTheWay.shift()
        if (oldest !== undefined && to.writable) to.write(oldest)
      }
      setTimeout(arrive, this.delayMs).unref()
    })
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    // A connection that breaks has closed; that is all there is to know of it here.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

/**
 * A reverse proxy in front of a node, as operators have one, with the faults that operators have too: it may drop request
 * headers, change answers, and pass upgrades on or not.
 */
import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

export interface ProxyFaults {
  /** Speaks TLS to clients, with this key and certificate (PEM). */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Headers of requests that do not get through, lower case; without `upgrade` an upgrade is no upgrade. */
  readonly drops?: readonly string[]
  /** Headers laid over those of every answer, lower case. */
  readonly sets?: () => Readonly<Record<string, string>>
  /** Answers in the node's place; undefined passes the request on. */
  readonly lies?: (path: string) => object | undefined
}

export class ReverseProxy {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()

  private constructor(server: Server, faults: ProxyFaults, to: URL) {
    this.#server = server
    const { port } = server.address() as AddressInfo
    this.url = faults.tls === undefined ? `http://127.0.0.1:${port}` : `https://127.0.0.1:${port}`
    server.on('connection', (socket: Socket) => this.#keep(socket))
    server.on('request', (incoming, answer) => pass(incoming, answer, faults, to))
    server.on('upgrade', (incoming, socket, head) => this.#upgrade(incoming, socket, head, { faults, to }))
  }

  static async before(url: string, faults: ProxyFaults = {}): Promise<ReverseProxy> {
    const server = (faults.tls === undefined ? createServer() : createTlsServer(faults.tls)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new ReverseProxy(server, faults, new URL(url))
  }

  stop(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #upgrade(
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { faults, to }: { readonly faults: ProxyFaults; readonly to: URL },
  ): void {
    const onward = request(onwardOptions(incoming, faults, to)).end(head)
    const refuse = (answer: IncomingMessage): void => {
      socket.write(`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}\r\n${headerLines(answer, faults)}\r\n`)
      answer.pipe(socket)
    }
    onward.on('response', refuse)
    onward.on('error', () => socket.destroy())
    onward.on('upgrade', (answer, other, rest) => {
      this.#keep(other)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headerLines(answer, faults)}\r\n`)
      socket.write(rest)
      socket.pipe(other).pipe(socket)
      socket.once('close', () => other.destroy())
      other.once('close', () => socket.destroy())
    })
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket)
    // A connection that breaks has closed; that is all there is to know of it here.
    socket.on('error', () => socket.destroy())
    socket.once('close', () => this.#sockets.delete(socket))
  }
}

const onwardOptions = (incoming: IncomingMessage, { drops = [] }: ProxyFaults, to: URL) => ({
  host: to.hostname,
  port: to.port,
  method: incoming.method,
  path: incoming.url,
  headers: Object.fromEntries(Object.entries(incoming.headers).filter(([name]) => !drops.includes(name))),
})

const pass = (incoming: IncomingMessage, answer: ServerResponse, faults: ProxyFaults, to: URL): void => {
  const lie = faults.lies?.(incoming.url ?? '')
  if (lie !== undefined) {
    answer.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(lie))
    return
  }
  const onward = request(onwardOptions(incoming, faults, to), (response) => {
    answer.writeHead(response.statusCode ?? 502, { ...response.headers, ...faults.sets?.() })
    response.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  incoming.pipe(onward)
}

const headerLines = ({ headers }: IncomingMessage, { sets }: ProxyFaults): string =>
  Object.entries({ ...headers, ...sets?.() })
    .map(([name, value]) => `${name}: ${String(value)}\r\n`)
    .join('')

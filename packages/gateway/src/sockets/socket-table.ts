/** The open sockets of this node: how many of each kind and of each address. */
import type { Metrics } from '@rollcall/core'
import { limitKeyOf } from '../address.ts'
import type { ServerSocket } from './server-socket.ts'

const SOCKET_KINDS = ['native', 'zynd', 'documented', 'activity'] as const
export type SocketKind = (typeof SOCKET_KINDS)[number]

export class SocketTable {
  readonly #metrics: Metrics
  readonly #perAddressMax: number
  readonly #sockets = new Set<ServerSocket>()
  readonly #perKind = new Map<SocketKind, number>()
  readonly #perAddress = new Map<string, number>()

  /** @param perAddressMax 0 is no limit. */
  constructor(metrics: Metrics, perAddressMax: number) {
    this.#metrics = metrics
    this.#perAddressMax = perAddressMax
    for (const kind of SOCKET_KINDS) metrics.gauge('sessions', 0, { kind })
  }

  get size(): number {
    return this.#sockets.size
  }

  hasRoomFor(address: string): boolean {
    return this.#perAddressMax === 0 || (this.#perAddress.get(limitKeyOf(address)) ?? 0) < this.#perAddressMax
  }

  add(socket: ServerSocket): void {
    this.#sockets.add(socket)
    this.#count(socket, 1)
  }

  delete(socket: ServerSocket): void {
    if (this.#sockets.delete(socket)) this.#count(socket, -1)
  }

  [Symbol.iterator](): IterableIterator<ServerSocket> {
    return this.#sockets.values()
  }

  #count(socket: ServerSocket, change: 1 | -1): void {
    const { kind } = socket
    const open = (this.#perKind.get(kind) ?? 0) + change
    this.#perKind.set(kind, open)
    this.#metrics.gauge('sessions', open, { kind })
    const key = limitKeyOf(socket.address)
    const ofAddress = (this.#perAddress.get(key) ?? 0) + change
    if (ofAddress === 0) this.#perAddress.delete(key)
    else this.#perAddress.set(key, ofAddress)
  }
}

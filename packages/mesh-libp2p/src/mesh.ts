import './shims.ts'
import type { Connection } from '@libp2p/interface'
import {
  type Clock,
  type Log,
  MESH_PROTOCOLS,
  type Mesh,
  type MeshHandlers,
  type MeshProtocol,
  type Metrics,
  type RequestOptions,
  type Topic,
} from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import { parseAddress } from './addresses.ts'
import { connectedPeersOf, connectionsTo, dropConnection } from './connections.ts'
import type { Dialer } from './dialer.ts'
import { Gossip } from './gossip.ts'
import type { MeshNode } from './libp2p-node.ts'
import { Reach } from './reach.ts'
import { RequestClient } from './request-client.ts'
import { RequestServer } from './request-server.ts'
import { type MeshLimits, STREAMS_PER_PROTOCOL_MAX, TICK_MS } from './settings.ts'
import { superseded } from './supersede.ts'

/** What `createMesh` puts together. */
export interface MeshParts {
  readonly nodeId: NodeId
  readonly node: MeshNode
  readonly dialer: Dialer
  /** Addresses that lead to this node, as configured. */
  readonly ownAddresses: readonly string[]
  readonly allowPeers: ReadonlySet<NodeId>
  readonly limits: MeshLimits
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** The mesh port on libp2p. Made by `createMesh`; started once, stopped for good. */
export class LibP2pMesh implements Mesh {
  readonly nodeId: NodeId
  readonly #parts: MeshParts
  readonly #gossip: Gossip
  readonly #client: RequestClient
  /** When each connection opened. libp2p notes it, too, but by the wall clock, which may jump. */
  readonly #openedAtMs = new WeakMap<Connection, number>()
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #reach: Reach | undefined
  #server: RequestServer | undefined
  #cancelTick: () => void = () => undefined

  constructor(parts: MeshParts) {
    this.nodeId = parts.nodeId
    this.#parts = parts
    this.#gossip = new Gossip(parts.node.services.pubsub, parts)
    this.#client = new RequestClient({ ...parts, connectionTo: (peer) => connectionsTo(parts.node, peer).at(-1) })
  }

  start(handlers: MeshHandlers): Promise<void> {
    if (this.#starting !== undefined || this.#stopping !== undefined) {
      return Promise.reject(new Error('a mesh is started once'))
    }
    this.#starting = this.#start(handlers)
    return this.#starting
  }

  publish(topic: Topic, message: Uint8Array): void {
    this.#gossip.publish(topic, message)
  }

  request(peer: NodeId, protocol: MeshProtocol, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return this.#client.request(peer, protocol, body, options)
  }

  connectedPeers(): readonly NodeId[] {
    return [...connectedPeersOf(this.#parts.node)].sort()
  }

  addresses(): readonly string[] {
    if (this.#parts.node.status !== 'started') return []
    const suffix = `/p2p/${this.nodeId}`
    const addresses = this.#parts.node.getMultiaddrs().map(String)
    return addresses.map((address) => (address.endsWith(suffix) ? address : address + suffix))
  }

  learn(peer: NodeId, addresses: readonly string[]): void {
    const { allowPeers, dialer } = this.#parts
    if (allowPeers.size === 0 || allowPeers.has(peer)) dialer.learn(peer, addresses)
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #start(handlers: MeshHandlers): Promise<void> {
    const { node, dialer, log } = this.#parts
    const server = new RequestServer({ ...this.#parts, onRequest: handlers.onRequest.bind(handlers) })
    this.#server = server
    this.#reach = new Reach({
      clock: this.#parts.clock,
      abandon: (peer) => this.#abandon(peer),
      onReached: (peer) => {
        log.info('peer connected', { peer })
        dialer.reached(peer)
        handlers.onPeerConnected(peer)
      },
      onLost: (peer) => {
        log.info('peer disconnected', { peer })
        handlers.onPeerDisconnected(peer)
      },
    })
    node.addEventListener('connection:open', ({ detail }) => this.#supersede(detail))
    node.addEventListener('peer:disconnect', () => this.#check())
    this.#gossip.onChange(() => this.#check())
    const streams = { maxInboundStreams: STREAMS_PER_PROTOCOL_MAX, maxOutboundStreams: STREAMS_PER_PROTOCOL_MAX }
    for (const protocol of MESH_PROTOCOLS) {
      await node.handle(protocol, (stream, connection) => server.serve(protocol, stream, connection), streams)
    }
    await node.start()
    this.#gossip.open(handlers.onMessage.bind(handlers))
    dialer.dropOwn([...this.#parts.ownAddresses, ...this.addresses()].flatMap(bareOf))
    this.#tick()
    log.info('mesh is listening', { addresses: this.addresses() })
  }

  async #stop(): Promise<void> {
    this.#cancelTick()
    this.#parts.dialer.stop()
    this.#client.stop()
    // libp2p ignores a stop while it is starting. Whoever called start hears why it failed, if it did.
    await Promise.allSettled([this.#starting])
    this.#gossip.close()
    await this.#parts.node.stop()
    // Only now: askers whose stream ends before their connection would take it for a refusal.
    this.#server?.stop()
  }

  #tick(): void {
    if (this.#stopping !== undefined) return
    this.#cancelTick = this.#parts.clock.schedule(TICK_MS, () => this.#tick())
    this.#check()
    this.#parts.dialer.tick(connectedPeersOf(this.#parts.node))
  }

  #check(): void {
    if (this.#stopping !== undefined) return
    this.#reach?.check(connectedPeersOf(this.#parts.node), this.#gossip.reachable())
  }

  #abandon(peer: NodeId): void {
    this.#parts.log.info('broadcast does not reach a connected peer; connecting anew', { peer })
    for (const connection of connectionsTo(this.#parts.node, peer)) {
      dropConnection(connection, 'broadcast does not work over this connection', this.#parts.log)
    }
  }

  #supersede(fresh: Connection): void {
    this.#openedAtMs.set(fresh, this.#parts.clock.monotonicMs())
    const withAge = (connection: Connection) => ({
      connection,
      direction: connection.direction,
      openedAtMs: this.#openedAtMs.get(connection) ?? 0,
    })
    const peer = fresh.remotePeer
    const older = this.#parts.node.getConnections(peer).filter(({ id, status }) => id !== fresh.id && status === 'open')
    const losers = superseded(withAge(fresh), older.map(withAge), this.nodeId < peer.toString())
    for (const { connection } of losers) dropConnection(connection, 'superseded by another one', this.#parts.log)
  }
}

const bareOf = (text: string): string[] => {
  const address = parseAddress(text)
  return 'problem' in address ? [] : [address.bare]
}

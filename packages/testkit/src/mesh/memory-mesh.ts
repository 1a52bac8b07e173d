import {
  type Mesh,
  MeshError,
  type MeshHandlers,
  type MeshProtocol,
  type Metrics,
  type RequestOptions,
  type Topic,
} from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import type { Answer, Broadcast, Link, MemoryWire, WirePeer } from './memory-wire.ts'
import { messageKey, SeenCache } from './seen-cache.ts'

const MESSAGE_BYTES_MAX = 65_536
const LEARNT_PEERS_MAX = 256
/** How long a message counts as seen, as in the real mesh. */
const SEEN_MS = 30_000

export interface MemoryMeshInit {
  readonly nodeId: NodeId
  /** The node's address is `/memory/<name>`. Default: its id. */
  readonly name?: string
  /** Addresses to dial for ever, with or without `/p2p/<id>`. */
  readonly join?: readonly string[]
  readonly metrics?: Metrics
  /** Longest broadcast, in bytes. Default 65 536. */
  readonly messageBytesMax?: number
}

/** One node of a `MemoryMeshNetwork`. Behaves as the port says, verdicts and forwarding included. */
export class MemoryMesh implements Mesh, WirePeer {
  readonly nodeId: NodeId
  readonly name: string
  readonly #wire: MemoryWire
  readonly #metrics: Metrics | undefined
  readonly #messageBytesMax: number
  readonly #seen = new SeenCache(SEEN_MS)
  readonly #links = new Map<NodeId, Link>()
  readonly #joinAddresses: readonly string[]
  readonly #learnt = new Map<NodeId, readonly string[]>()
  readonly #pending = new Set<PendingRequest>()
  #state: 'new' | 'running' | 'stopped' = 'new'
  #handlers: MeshHandlers | undefined
  #cancelRedial: () => void = () => undefined

  /** Made by `MemoryMeshNetwork.createMesh`. */
  constructor(wire: MemoryWire, init: MemoryMeshInit) {
    this.#wire = wire
    this.nodeId = init.nodeId
    this.name = init.name ?? init.nodeId
    this.#joinAddresses = init.join ?? []
    this.#metrics = init.metrics
    this.#messageBytesMax = init.messageBytesMax ?? MESSAGE_BYTES_MAX
  }

  async start(handlers: MeshHandlers): Promise<void> {
    if (this.#state !== 'new') throw new Error('a mesh is started once')
    this.#wire.attach(this)
    this.#handlers = handlers
    this.#state = 'running'
    this.#dialAll()
  }

  publish(topic: Topic, message: Uint8Array): void {
    const refusal = this.#refusal(message)
    if (refusal !== undefined) {
      this.#drop(refusal)
      return
    }
    const broadcast = { topic, key: messageKey(topic, message), bytes: message.slice() }
    if (this.#seen.add(broadcast.key, this.#wire.clock.monotonicMs())) this.#forward(broadcast, undefined)
  }

  request(peer: NodeId, protocol: MeshProtocol, body: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#state === 'stopped') return reject(new MeshError('stopped', 'this mesh was stopped'))
      const link = this.#links.get(peer)
      if (link === undefined) return reject(new MeshError('unreachable', `no connection to ${peer}`))
      const pending: PendingRequest = {
        link,
        settle: (outcome) => {
          if (!this.#pending.delete(pending)) return
          cancelTimeout()
          if (outcome instanceof MeshError) reject(outcome)
          else resolve(outcome)
        },
      }
      const cancelTimeout = this.#wire.clock.schedule(options.timeoutMs, () =>
        pending.settle(new MeshError('timeout', `${peer} did not answer within ${options.timeoutMs} ms`)),
      )
      this.#pending.add(pending)
      this.#wire.request(link, this.nodeId, peer, {
        protocol,
        body: body.slice(),
        onAnswer: (answer) => pending.settle(judge(answer, peer, options.maxResponseBytes)),
      })
    })
  }

  connectedPeers(): readonly NodeId[] {
    return [...this.#links.keys()].sort()
  }

  addresses(): readonly string[] {
    return this.#state === 'running' ? [`/memory/${this.name}/p2p/${this.nodeId}`] : []
  }

  learn(peer: NodeId, addresses: readonly string[]): void {
    if (peer === this.nodeId || addresses.length === 0) return
    if (!this.#learnt.has(peer) && this.#learnt.size >= LEARNT_PEERS_MAX) {
      this.#metrics?.count('dropped_total', { queue: 'mesh_peers', reason: 'full' })
      return
    }
    this.#learnt.set(peer, [...addresses])
    if (this.#state === 'running' && !this.#links.has(peer)) this.#dial(addresses)
  }

  /** Like a clean shutdown: peers notice after one delay of their link. */
  async stop(): Promise<void> {
    if (this.#state === 'stopped') return
    const wasRunning = this.#state === 'running'
    this.#state = 'stopped'
    this.#cancelRedial()
    this.#links.clear()
    for (const { settle } of this.#pending) settle(new MeshError('stopped', 'this mesh was stopped'))
    if (wasRunning) this.#wire.detach(this)
  }

  holds(peer: NodeId): boolean {
    return this.#links.has(peer)
  }

  linkOpened(peer: NodeId, link: Link): void {
    if (this.#links.has(peer)) this.#handlers?.onPeerDisconnected(peer)
    this.#links.set(peer, link)
    this.#handlers?.onPeerConnected(peer)
  }

  linkClosed(peer: NodeId, link: Link): void {
    for (const pending of this.#pending) {
      if (pending.link === link) pending.settle(new MeshError('unreachable', `the connection to ${peer} broke`))
    }
    // A newer link may stand already, where the news of the old one's end was slow.
    if (this.#links.get(peer) !== link) return
    this.#links.delete(peer)
    this.#handlers?.onPeerDisconnected(peer)
  }

  receive(broadcast: Broadcast, from: NodeId): void {
    const handlers = this.#handlers
    if (handlers === undefined || !this.#seen.add(broadcast.key, this.#wire.clock.monotonicMs())) return
    const judged = attempt(() => handlers.onMessage(broadcast.topic, broadcast.bytes.slice(), from))
    void judged.then(
      (verdict) => {
        if (verdict === 'accept' && this.#state === 'running') this.#forward(broadcast, from)
      },
      () => this.#drop('validator_failed'),
    )
  }

  async answer(protocol: MeshProtocol, body: Uint8Array, from: NodeId): Promise<Answer> {
    const handlers = this.#handlers
    if (handlers === undefined) return { ok: false }
    return attempt(() => handlers.onRequest(protocol, body, from)).then(
      (answer) => ({ ok: true, body: answer.slice() }),
      () => ({ ok: false }),
    )
  }

  #refusal(message: Uint8Array): string | undefined {
    if (this.#state !== 'running') return 'stopped'
    return message.byteLength > this.#messageBytesMax ? 'oversize' : undefined
  }

  #forward(broadcast: Broadcast, source: NodeId | undefined): void {
    for (const peer of this.connectedPeers()) {
      const link = this.#links.get(peer)
      if (peer === source || link === undefined) continue
      if (!this.#wire.broadcast(link, this.nodeId, peer, broadcast)) this.#drop('full')
    }
  }

  #dialAll(): void {
    this.#dial(this.#joinAddresses)
    for (const [peer, addresses] of this.#learnt) if (!this.#links.has(peer)) this.#dial(addresses)
    this.#cancelRedial = this.#wire.clock.schedule(this.#wire.redialDelayMs(), () => this.#dialAll())
  }

  #dial(addresses: readonly string[]): void {
    for (const address of addresses) this.#wire.dial(this, address)
  }

  #drop(reason: string): void {
    this.#metrics?.count('dropped_total', { queue: 'mesh', reason })
  }
}

interface PendingRequest {
  readonly link: Link
  settle(outcome: Uint8Array | MeshError): void
}

const judge = (answer: Answer, peer: NodeId, maxResponseBytes: number): Uint8Array | MeshError => {
  if (!answer.ok) return new MeshError('refused', `${peer} failed to answer`)
  if (answer.body.byteLength <= maxResponseBytes) return answer.body
  return new MeshError('too_large', `${peer} answered ${answer.body.byteLength} bytes, over ${maxResponseBytes}`)
}

/** The handler's promise, or a rejected one where it threw before making it. */
const attempt = async <T>(handler: () => Promise<T>): Promise<T> => handler()

import type { NodeId } from '@rollcall/protocol'

/**
 * The network between nodes: broadcast of bytes on topics, and request/response with one peer.
 *
 * The mesh carries bytes and verdicts; it signs nothing and reads nothing. Envelopes, batching and numbering live in the
 * runtime, so the simulator exercises them. Broadcast is best effort: a message may be lost, repeated or reordered, and is
 * never repaired by the mesh (sync does that). A mesh keeps dialling every configured and every learnt peer for ever (G5).
 */
export interface Mesh {
  /** This node's id. Constant from construction. */
  readonly nodeId: NodeId
  /** Listens and starts dialling. Resolves once listening; peers come later. */
  start(handlers: MeshHandlers): Promise<void>
  /**
   * Broadcasts `message` on `topic` to every peer that can be reached. Never throws and never blocks; a message over
   * the size cap or beyond the bounded queue is dropped and counted (`dropped_total{queue="mesh"}`).
   */
  publish(topic: Topic, message: Uint8Array): void
  /**
   * Asks one peer and resolves with its answer.
   * @throws MeshError `unreachable`, `timeout`, `too_large`, `refused` (the peer's handler failed), `stopped`.
   */
  request(peer: NodeId, protocol: MeshProtocol, body: Uint8Array, options: RequestOptions): Promise<Uint8Array>
  /** Peers with an open connection now, in ascending order of id. */
  connectedPeers(): readonly NodeId[]
  /** Addresses other nodes can dial this node at, `/p2p/<id>` included. Empty before start. */
  addresses(): readonly string[]
  /** Tells the mesh of a peer learnt from others, to be dialled for ever like a configured one. Bounded; idempotent. */
  learn(peer: NodeId, addresses: readonly string[]): void
  /** Closes connections and timers. Safe to repeat. */
  stop(): Promise<void>
}

export interface MeshHandlers {
  /**
   * Judges a broadcast message before it is forwarded (G3). `from` is only the last hop: trust what the bytes prove.
   * Should answer within 100 ms. A throw counts as `ignore`.
   */
  onMessage(topic: Topic, message: Uint8Array, from: NodeId): Promise<MessageVerdict>
  /** Answers a peer's request. A throw is told to the peer as `refused`, without detail. */
  onRequest(protocol: MeshProtocol, body: Uint8Array, from: NodeId): Promise<Uint8Array>
  /** A connection to `peer` is open and broadcast reaches it. May repeat for the same peer after a disconnection. */
  onPeerConnected(peer: NodeId): void
  onPeerDisconnected(peer: NodeId): void
}

/** accept = deliver and forward; ignore = neither, nobody's fault; reject = provably bad, the sender pays. */
export type MessageVerdict = 'accept' | 'ignore' | 'reject'

/** Append only. */
export const TOPICS = ['rollcall/transitions/1', 'rollcall/status/1'] as const
export type Topic = (typeof TOPICS)[number]

/** Append only. */
export const MESH_PROTOCOLS = [
  /** Anti-entropy (S1). */
  '/rollcall/sync/1',
  /** Missing numbered messages of an origin (G4). */
  '/rollcall/repair/1',
  /** One entry by id (L7), or the fresh last beat of an entity the asked node attends. */
  '/rollcall/entity/1',
  /** The bloom filter of a node (F2). */
  '/rollcall/filter/1',
  /** The newest audit head that a node remembers of the asker (A1). */
  '/rollcall/audit/1',
] as const
export type MeshProtocol = (typeof MESH_PROTOCOLS)[number]

export interface RequestOptions {
  readonly timeoutMs: number
  readonly maxResponseBytes: number
}

export class MeshError extends Error {
  readonly code: 'unreachable' | 'timeout' | 'too_large' | 'refused' | 'stopped'
  constructor(code: MeshError['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MeshError'
    this.code = code
  }
}

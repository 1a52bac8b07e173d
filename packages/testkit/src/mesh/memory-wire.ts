import type { Clock, MeshProtocol, Topic } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'

/** A broadcast under way. Nobody writes to `bytes`; each receiver is handed a copy. */
export interface Broadcast {
  readonly topic: Topic
  readonly key: string
  readonly bytes: Uint8Array
}

/** One connection between two nodes. Replaced, never reopened, after it closed. */
export interface Link {
  readonly ends: readonly [dialler: NodeId, dialled: NodeId]
  open: boolean
  /** The dialler knows that it stands. */
  established: boolean
}

/** What a node of the network lets the network do to it. */
export interface WirePeer {
  readonly nodeId: NodeId
  readonly name: string
  /** Whether this node believes it is connected to `peer`. */
  holds(peer: NodeId): boolean
  linkOpened(peer: NodeId, link: Link): void
  linkClosed(peer: NodeId, link: Link): void
  receive(broadcast: Broadcast, from: NodeId): void
  /** Never rejects: a failure of the handler is an answer, too. */
  answer(protocol: MeshProtocol, body: Uint8Array, from: NodeId): Promise<Answer>
}

export type Answer = { readonly ok: true; readonly body: Uint8Array } | { readonly ok: false }

/** What the network does for a node. */
export interface MemoryWire {
  readonly clock: Clock
  /** Milliseconds until the next round of a node's dial loop, jittered. */
  redialDelayMs(): number
  attach(peer: WirePeer): void
  /** Takes a node off. Its peers notice after one delay of the link. */
  detach(peer: WirePeer): void
  /** Tries to open a link to whatever node answers at `address`. Nothing happens where none does. */
  dial(from: WirePeer, address: string): void
  /** Carries a broadcast over an open link. False where the link's queue is full and it was dropped. */
  broadcast(link: Link, from: NodeId, to: NodeId, broadcast: Broadcast): boolean
  /** Asks over an open link; `onAnswer` runs when the answer arrives, which may be never. */
  request(link: Link, from: NodeId, to: NodeId, question: Question): void
}

export interface Question {
  readonly protocol: MeshProtocol
  readonly body: Uint8Array
  onAnswer(answer: Answer): void
}

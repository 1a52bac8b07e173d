import type { MeshProtocol, MessageVerdict, RegistryEvent, Topic } from '@rollcall/core'
import type { EntityId, Entry, NodeId, Status } from '@rollcall/protocol'
import type { SimNode } from './sim-node.ts'

/** How a process ended. `lostBatches`: newest writes that were not safe yet and went with it. */
export interface End {
  readonly how: 'stop' | 'crash'
  readonly lostBatches: number
}

/**
 * What can be watched of the nodes of a world as it happens. All optional; the checkers, the trace and the ledger are
 * watchers. None may change what it sees.
 */
export interface Watcher {
  /** A process has read its store and is about to serve. */
  started?(node: SimNode): void
  ended?(node: SimNode, end: End): void
  /** The disk of a node that is down was emptied, or replaced by an old copy. */
  diskReplaced?(node: SimNode, how: 'wiped' | 'restored'): void
  /** An entry changed in the memory of a node. */
  changed?(node: SimNode, id: EntityId, before: Entry | undefined, after: Entry): void
  /** A transition was carried out: what feeds and metrics are told. */
  observed?(node: SimNode, event: RegistryEvent): void
  /** A node accepted a beat. */
  beaten?(node: SimNode, id: EntityId, status: Status): void
  /** A message leaves a node. */
  published?(node: SimNode, topic: Topic, message: Uint8Array): void
  /** A node answered a request of a peer. */
  answered?(node: SimNode, protocol: MeshProtocol, body: Uint8Array, answer: Uint8Array): void
  judged?(node: SimNode, topic: Topic, message: Uint8Array, from: NodeId, verdict: MessageVerdict): void
  /** A liar said something about an entity. */
  lied?(id: EntityId, kind: string): void
  /** A node logged a warning or an error. */
  logged?(node: SimNode, level: 'warn' | 'error', message: string, fields: Readonly<Record<string, unknown>>): void
}

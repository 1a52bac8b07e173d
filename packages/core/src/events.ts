/** What may happen to a node: everything enters the step as one of these, already decoded and with signatures verified. */
import type { Act, Beat, Delta, DeveloperId, EntityId, JsonObject, NodeId, NodeStatus, Stamp } from '@rollcall/protocol'

/** Identifies the caller who waits for the outcome of an event. */
export type Token = number

export type RegistryInput =
  /** A registration whose signatures hold. */
  | { readonly type: 'register'; readonly token: Token; readonly act: Act }
  /** `developerKey`: the key that verified, where a developer signed. */
  | {
      readonly type: 'update' | 'deregister'
      readonly token: Token
      readonly id: EntityId
      readonly act: Act
      readonly developerKey?: Uint8Array
    }
  /** An act of a developer about itself, signed by its key. `publicKey`: where the act need not spell it. */
  | {
      readonly type: 'developer'
      readonly token: Token
      readonly id: DeveloperId
      readonly act: Act
      readonly publicKey: Uint8Array
    }
  /** A name bound to an entity or released from it, signed by the developer whose proof the record carries. */
  | {
      readonly type: 'name'
      readonly token: Token
      readonly id: EntityId
      readonly act: Act
      readonly developerKey: Uint8Array
    }
  | {
      readonly type: 'beat'
      readonly token: Token
      readonly id: EntityId
      readonly beat: Beat
      readonly sessionId: number
      readonly address: string
      readonly health?: JsonObject
    }
  /** Entries learnt from a peer, their evidence verified. */
  | {
      readonly type: 'deltas'
      readonly deltas: readonly Delta[]
      /** The peer that sent them, for graves: a grave bears no signature and is believed only from some (T3). */
      readonly from: NodeId
      readonly source: 'gossip' | 'sync' | 'fetch'
    }
  /** A signed message of a node, or a line of a peer's member table: it was alive when it issued this stamp (L6). */
  | { readonly type: 'heard'; readonly node: NodeId; readonly stamp: Stamp; readonly ageMs: number }
  /** A status whose signature holds. What its clock reads counts also where its stamp is refused as ahead (L4, M4). */
  | { readonly type: 'status'; readonly origin: NodeId; readonly status: NodeStatus }
  /** A peer holds this node gone for all that it announced up to this stamp (L6). */
  | { readonly type: 'verdict'; readonly lastStamp: Stamp }
  /** A complete sync with a peer, begun at `startedMs` node time, has been applied. */
  | { readonly type: 'synced'; readonly peer: NodeId; readonly startedMs: number }
  | { readonly type: 'tick' }
  /** The safety net over everything (L3), for these entities; the runtime walks all of them within one sweep interval. */
  | { readonly type: 'sweep'; readonly ids: readonly EntityId[] }
  /** Some of the private beats go to disk, so that no one step writes very many (L5). */
  | { readonly type: 'flush_beats'; readonly limit: number }
  /** All that is not on disk goes there (L5). */
  | { readonly type: 'flush' }

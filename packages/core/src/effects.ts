/** What a step decided, as data, in the order in which it must be carried out: persist, publish, reindex, observe, answer. */
import type { BeatOutcome, Delta, EntityId, NodeId, Result, Stamp, Status } from '@rollcall/protocol'
import type { Claim } from './claims.ts'
import type { Token } from './events.ts'
import type { TransitionKind } from './ports/registry.ts'
import type { StoreOp } from './ports/store.ts'
import type { Shown } from './state.ts'

export interface Effects {
  readonly store: readonly StoreOp[]
  /** Whether somebody was promised durability. */
  readonly durable: boolean
  /** Transitions of this node's own making. */
  readonly publish: readonly Delta[]
  /** Entities whose place in search may have changed. */
  readonly reindex: readonly EntityId[]
  readonly transitions: readonly TransitionNote[]
  /** Handles and names that passed to somebody, or that somebody lost (N1). */
  readonly claims: readonly ClaimChange[]
  readonly notices: readonly Notice[]
  /** Sessions on this node that no longer serve an entity. */
  readonly revoke: readonly Revocation[]
  /** Entities a peer spoke of that are not held here. */
  readonly fetch: readonly { readonly id: EntityId; readonly from: NodeId }[]
  readonly answers: readonly Answer[]
  /** Whether a tick left work that is due: the next one should come at once. */
  readonly isUnfinished: boolean
}

/** An accepted transition, as events, metrics and the audit chain tell it. */
export interface TransitionNote {
  readonly kind: TransitionKind
  readonly id: EntityId
  readonly from: Shown | 'unknown'
  readonly to: Shown
  readonly reason: string
  readonly attendant: NodeId | undefined
  readonly stamp: Stamp
  readonly atMs: number
}

/** Who holds a handle or a name now, and who held it before. */
export interface ClaimChange {
  readonly claim: Claim
  readonly before: EntityId | undefined
  readonly holder: EntityId | undefined
  /** Live claimants who learnt in this turn that another holds it. */
  readonly lost: readonly EntityId[]
  readonly atMs: number
}

/** What operators should hear of: logged and counted, never acted upon. */
export type Notice =
  | { readonly type: 'duplicate_instance'; readonly id: EntityId; readonly address: string; readonly other: string }
  | {
      readonly type: 'verdict'
      readonly node: NodeId
      readonly lastStamp: Stamp | undefined
      readonly entities: number
    }
  | { readonly type: 'late'; readonly lateMs: number }
  | { readonly type: 'clock'; readonly followed: boolean; readonly deviationMs: number }
  /** A sync counts for nothing, because an entry of that peer was refused as ahead or unproven (S4, T3). */
  | { readonly type: 'sync_refused'; readonly peer: NodeId; readonly ready: boolean }
  | { readonly type: 'refused'; readonly id: EntityId; readonly from: NodeId; readonly reason: RefusalReason }

/** Why an entry of a peer was not joined. Append only. */
export type RefusalReason = 'stamp_future' | 'grave_unproven' | 'foreign_developer' | 'unknown_record'

export interface Revocation {
  readonly id: EntityId
  readonly reason: 'superseded' | 'deregistered'
  /** The one session that is superseded; a deregistration ends all. */
  readonly sessionId?: number
}

export type Answer =
  | {
      readonly token: Token
      readonly kind: 'act'
      readonly result: Result<{ readonly id: EntityId; readonly stamp: Stamp }>
    }
  | { readonly token: Token; readonly kind: 'beat'; readonly outcome: BeatOutcome; readonly status: Status }

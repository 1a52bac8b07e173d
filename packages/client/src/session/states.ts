/** What goes into the session machine, what comes out of it, and the states between. */
import type { EntityId, JsonObject, NodeId } from '@rollcall/protocol'
import type { Roster } from '../roster.ts'
import type { Conversation } from './conversation.ts'
import type { SessionEvent } from './events.ts'
import type { SessionEntity } from './frames.ts'

export interface MachineInit {
  readonly roster: Roster
  readonly entities: readonly SessionEntity[]
  /** Name and version of the program, for the node's log. */
  readonly client: string
  /** A number in [0, 1). */
  readonly random: () => number
  readonly healthOf: (id: EntityId) => JsonObject | undefined
}

export interface Now {
  readonly monotonicMs: number
  readonly wallMs: number
}

export type Input =
  | { readonly kind: 'start' }
  | { readonly kind: 'received'; readonly text: string }
  /** `code` is 0 where no close frame came; `reason` then says what failed. */
  | { readonly kind: 'lost'; readonly code: number; readonly reason: string }
  | { readonly kind: 'woken' }
  | { readonly kind: 'stop'; readonly goodbye: boolean }

export type Action =
  | { readonly kind: 'connect'; readonly url: string }
  | { readonly kind: 'send'; readonly text: string }
  /** Ends the connection; nothing that still comes from it counts. */
  | { readonly kind: 'drop'; readonly code: number; readonly reason: string }
  | { readonly kind: 'tell'; readonly event: SessionEvent }

export interface Challenge {
  readonly node: NodeId
  readonly nonce: string
  /** Newest version the node speaks. */
  readonly protocol: number
  readonly clockOffsetMs: number
}

export interface Beating {
  readonly name: 'beating'
  readonly challenge: Challenge
  readonly intervalMs: number
  readonly conversation: Conversation
}

export type State =
  | { readonly name: 'idle' | 'stopped' }
  | { readonly name: 'waiting'; untilMs: number }
  | {
      readonly name: 'connecting'
      deadlineMs: number
      challenge: Challenge | undefined
      /** Entities that the first hello had no room for. */
      unnamed: readonly EntityId[]
      /** Entities that the node did not take. */
      readonly refused: Set<EntityId>
    }
  | Beating
  | { readonly name: 'leaving'; readonly awaited: Set<EntityId>; deadlineMs: number }

/** Monotonic time of the next deadline of a state; undefined where it waits for nothing. */
export const wakeAtMs = (state: State): number | undefined => {
  switch (state.name) {
    case 'idle':
    case 'stopped':
      return undefined
    case 'waiting':
      return state.untilMs
    case 'connecting':
    case 'leaving':
      return state.deadlineMs
    case 'beating':
      return state.conversation.wakeAtMs
  }
}

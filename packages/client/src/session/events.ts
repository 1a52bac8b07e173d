import type { EntityId, NodeId, Status } from '@rollcall/protocol'

/** What a heartbeat session tells its owner. Times in milliseconds; `…OffsetMs` is the node's clock minus this one. */
export type SessionEvent =
  /** The node welcomed the session; the first beat goes out now. */
  | {
      readonly kind: 'connected'
      readonly url: string
      readonly node: NodeId
      readonly intervalMs: number
      readonly thresholdMs: number
      readonly clockOffsetMs: number
    }
  /** A beat was accepted. */
  | {
      readonly kind: 'acked'
      readonly entityId: EntityId
      readonly beatMs: number
      readonly status: Status
      readonly nextExpectedMs: number
      readonly clockOffsetMs: number
    }
  /** Something was refused or could not be read. `final`: the session no longer beats for this entity. */
  | {
      readonly kind: 'error'
      readonly code: string
      readonly message: string
      readonly entityId: EntityId | undefined
      readonly final: boolean
    }
  /** The node is stopping and names others; the session goes to one of them. */
  | { readonly kind: 'moved'; readonly url: string; readonly nodes: readonly string[] }
  /** The connection ended, or none came about; the next try is at `nextUrl`. `code` is 0 where no close frame came. */
  | {
      readonly kind: 'closed'
      readonly url: string
      readonly code: number
      readonly reason: string
      readonly nextUrl: string
      readonly retryInMs: number
    }
  /** The session is over for good: asked for, or by a final close code, which `error` explains. */
  | { readonly kind: 'stopped'; readonly error: StopReason | undefined }

export interface StopReason {
  /** Close code of the socket, 4409 for example. */
  readonly closeCode: number
  /** Its name in the protocol: `superseded`, `deregistered` or `protocol_incompatible`. */
  readonly code: string
  readonly message: string
}

/** One line of log for an event, or undefined where it is not worth one. */
export const describeEvent = (event: SessionEvent): string | undefined => {
  switch (event.kind) {
    case 'connected':
      return `[heartbeat] connected — pinging every ${event.intervalMs / 1000}s`
    case 'acked':
      return undefined
    case 'error':
      return `[heartbeat] ${event.code}: ${event.message}${event.entityId === undefined ? '' : ` (${event.entityId})`}`
    case 'moved':
      return `[heartbeat] ${event.url} is stopping`
    case 'closed':
      return `[heartbeat] lost ${event.url} (${closeText(event)}), next try in ${(event.retryInMs / 1000).toFixed(1)}s at ${event.nextUrl}`
    case 'stopped':
      return event.error === undefined
        ? '[heartbeat] stopped'
        : `[heartbeat] stopped for good: ${event.error.code} (${event.error.closeCode}): ${event.error.message}`
  }
}

const closeText = (event: { readonly code: number; readonly reason: string }): string =>
  [event.code === 0 ? '' : String(event.code), event.reason].filter((part) => part !== '').join(' ') || 'no close frame'

/**
 * Who repairs what differs with whom: a node is in one repair at a time, its own or that of a peer (S1). What one brings need
 * then not be asked of the next, and memory and verification are bounded.
 *
 * Nobody waits in line for a peer, who might wait for another in turn: it answers `busy`, and the asker comes again.
 */
import type { Clock } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'

/** A peer that has been silent for so long has broken off its repair. */
const SILENT_MS = 5_000
/** After so long others are let in beside it: nobody keeps a node to itself. */
const VISIT_MAX_MS = 60_000

export class RepairTurns {
  readonly #clock: Clock
  readonly #self: NodeId
  #own: Promise<void> = Promise.resolve()
  /** The peer with which this node repairs of its own accord. */
  #driving: NodeId | undefined
  #visitor: { readonly peer: NodeId; readonly sinceMs: number; heardMs: number } | undefined

  constructor(clock: Clock, self: NodeId) {
    this.#clock = clock
    this.#self = self
  }

  /** Runs a repair of this node's own once those before it are over. */
  take<T>(peer: NodeId, repair: () => Promise<T>): Promise<T> {
    const turn = this.#own.then(async () => {
      this.#driving = peer
      try {
        return await repair()
      } finally {
        this.#driving = undefined
      }
    })
    this.#own = turn.then(
      () => undefined,
      // Told where it is awaited; here only the next one must not be held up.
      () => undefined,
    )
    return turn
  }

  /** Whether a peer is repairing with this node. */
  isVisited(): boolean {
    const visitor = this.#visitor
    if (visitor === undefined) return false
    const nowMs = this.#clock.monotonicMs()
    return nowMs - visitor.heardMs < SILENT_MS && nowMs - visitor.sinceMs < VISIT_MAX_MS
  }

  /** Whether `peer` may repair with this node now; it is the visitor from then on. */
  admits(peer: NodeId): boolean {
    const nowMs = this.#clock.monotonicMs()
    if (this.isVisited()) {
      if (this.#visitor?.peer !== peer) return false
      this.#visitor.heardMs = nowMs
      return true
    }
    // Of two that began with each other at the same time, the lesser id goes on.
    if (this.#driving !== undefined && !(this.#driving === peer && peer < this.#self)) return false
    this.#visitor = { peer, sinceMs: nowMs, heardMs: nowMs }
    return true
  }

  /** Notes that a peer's repair is over; false where it was in none. */
  leaves(peer: NodeId): boolean {
    if (this.#visitor?.peer !== peer) return false
    this.#visitor = undefined
    return true
  }

  /** Whether this node, repairing with `peer`, leaves that to the peer, which began at the same time. */
  mustYieldTo(peer: NodeId): boolean {
    return this.isVisited() && this.#visitor?.peer === peer
  }
}

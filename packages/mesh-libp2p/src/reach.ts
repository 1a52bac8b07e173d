import type { Clock } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import { BROADCAST_GRACE_MS } from './settings.ts'

export interface ReachInit {
  readonly clock: Clock
  /** Drops every connection to a peer, so that it is dialled anew. */
  abandon(peer: NodeId): void
  onReached(peer: NodeId): void
  onLost(peer: NodeId): void
}

interface PeerState {
  /** `onReached` was called for it. */
  told: boolean
  /** Since when it is connected without working broadcast; undefined while broadcast works. */
  muteSinceMs: number | undefined
}

/**
 * Tells when broadcast begins to reach a peer and when its last connection is gone, and abandons a connection over which
 * broadcast does not work for `BROADCAST_GRACE_MS`.
 *
 * gossipsub can keep a dead stream on a live connection for good (a restart while the old connection still looked alive, a
 * stream reset for its full buffer). It does not mend that by itself; a new connection does.
 */
export class Reach {
  readonly #init: ReachInit
  readonly #peers = new Map<NodeId, PeerState>()

  constructor(init: ReachInit) {
    this.#init = init
  }

  /**
   * Compares what is with what was told. To be called on every change and every tick.
   *
   * @param connected peers with an open connection.
   * @param reachable peers a broadcast goes to.
   */
  check(connected: ReadonlySet<NodeId>, reachable: ReadonlySet<NodeId>): void {
    for (const [peer, state] of this.#peers) {
      if (connected.has(peer)) continue
      this.#peers.delete(peer)
      if (state.told) this.#init.onLost(peer)
    }
    for (const peer of connected) this.#checkPeer(peer, reachable.has(peer))
  }

  #checkPeer(peer: NodeId, isReachable: boolean): void {
    const nowMs = this.#init.clock.monotonicMs()
    const state = this.#peers.get(peer) ?? { told: false, muteSinceMs: nowMs }
    this.#peers.set(peer, state)
    if (isReachable) {
      state.muteSinceMs = undefined
      if (state.told) return
      state.told = true
      this.#init.onReached(peer)
      return
    }
    state.muteSinceMs ??= nowMs
    if (nowMs - state.muteSinceMs < BROADCAST_GRACE_MS) return
    state.muteSinceMs = nowMs
    this.#init.abandon(peer)
  }
}

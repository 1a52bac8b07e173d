import type { Clock, Log, Metrics, Random } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import { bareAddressesOf, type PeerAddress } from './addresses.ts'
import { backoffMs, longestBackoffMs } from './backoff.ts'
import { DIALS_MAX, FORGET_AFTER_FAILURES, type MeshLimits, YIELD_MS } from './settings.ts'

export type DialOutcome =
  | { readonly kind: 'connected'; readonly peer: NodeId }
  /** The address is our own. */
  | { readonly kind: 'self' }
  | { readonly kind: 'failed'; readonly reason: string }

export interface DialerInit {
  readonly self: NodeId
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly limits: MeshLimits
  /** Dials one peer at any of `addresses`, in order; without `peer`, whoever answers there. Never rejects. */
  dial(addresses: readonly string[], peer: NodeId | undefined): Promise<DialOutcome>
}

/** One peer to stay connected to: known by its id, or only by an address at which somebody answers. */
interface Target {
  readonly configured: boolean
  /** The id to insist on, or undefined where only the address is known. */
  readonly pinned: NodeId | undefined
  /** Whom the last dial found there. */
  peer: NodeId | undefined
  readonly byName: boolean
  /** Configured addresses first, then learnt ones, the newest first. */
  configuredAddresses: readonly string[]
  learntAddresses: readonly string[]
  /** Dials since broadcast last worked with this peer. */
  attempts: number
  /** When to dial next; undefined while connected and until the first sweep. */
  dueAtMs: number | undefined
  /** Neither dialled nor seen connected yet. */
  fresh: boolean
  dialling: boolean
}

/**
 * Keeps dialling every configured and every learnt peer, for ever (G5).
 *
 * One sweep does it all: first connection, restart, partition, a peer that is up only tomorrow. Rejected: libp2p's
 * bootstrap and keep-alive tags, which give up for good after half a minute.
 *
 * Of two nodes that know each other's id the smaller one dials and the larger one gives it `YIELD_MS`; after that it dials
 * as well, since it cannot know whether the other one knows it. An address without an id is always dialled.
 */
export class Dialer {
  readonly #init: DialerInit
  readonly #targets = new Map<string, Target>()
  #learntCount = 0
  #dialsUnderWay = 0
  #stopped = false

  constructor(init: DialerInit, join: readonly PeerAddress[]) {
    this.#init = init
    for (const { bare, peer, byName } of join) {
      if (peer === init.self) continue
      const known = this.#targets.get(peer ?? bare)
      if (known !== undefined) known.configuredAddresses = [...new Set([...known.configuredAddresses, bare])]
      else
        this.#targets.set(
          peer ?? bare,
          newTarget({ configured: true, pinned: peer, byName, configuredAddresses: [bare] }),
        )
    }
  }

  /** Adds a peer told of by others. What is not dialable is left out; a full list is counted. */
  learn(peer: NodeId, addresses: readonly string[]): void {
    const bare = bareAddressesOf(peer, addresses)
    if (peer === this.#init.self || bare.length === 0 || this.#stopped) return
    const known = this.#targets.get(peer)
    if (known === undefined && !this.#makeRoom()) {
      this.#init.metrics.count('dropped_total', { queue: 'mesh_peers', reason: 'full' })
      return
    }
    const target = known ?? newTarget({ configured: false, pinned: peer, byName: false, configuredAddresses: [] })
    const kept = [...new Set([...bare, ...target.learntAddresses])]
    target.learntAddresses = kept.slice(0, this.#init.limits.peerAddressesMax)
    if (known !== undefined) return
    this.#targets.set(peer, target)
    this.#learntCount++
  }

  /** Forgets addresses that turned out to be this node's own. */
  dropOwn(addresses: readonly string[]): void {
    for (const address of addresses) if (this.#targets.get(address)?.pinned === undefined) this.#targets.delete(address)
  }

  /** Notes who answered at an address, where only the address was known. */
  answered(address: string, peer: NodeId): void {
    const target = this.#targets.get(address)
    if (target !== undefined && target.pinned === undefined) target.peer = peer
  }

  /** Broadcast works with this peer: its next loss is a first one again. */
  reached(peer: NodeId): void {
    for (const target of this.#targets.values()) if (target.peer === peer) target.attempts = 0
  }

  /** One sweep: dials whoever is neither connected nor being dialled, and due. */
  tick(connected: ReadonlySet<NodeId>): void {
    const nowMs = this.#init.clock.monotonicMs()
    const busy = new Set([...this.#targets.values()].flatMap(({ dialling, peer }) => (dialling && peer ? [peer] : [])))
    for (const target of this.#targets.values()) {
      if (target.dialling || this.#stopped) continue
      if (target.peer !== undefined && connected.has(target.peer)) {
        target.dueAtMs = undefined
        target.fresh = false
        continue
      }
      target.dueAtMs ??= nowMs + this.#delayMs(target)
      if (nowMs < target.dueAtMs || this.#dialsUnderWay >= DIALS_MAX) continue
      if (target.peer !== undefined && busy.has(target.peer)) continue
      if (target.peer !== undefined) busy.add(target.peer)
      void this.#attempt(target)
    }
  }

  stop(): void {
    this.#stopped = true
    this.#targets.clear()
  }

  async #attempt(target: Target): Promise<void> {
    target.dialling = true
    target.fresh = false
    target.attempts++
    this.#dialsUnderWay++
    const addresses = rotated([...target.configuredAddresses, ...target.learntAddresses], target.attempts - 1)
    const outcome = await this.#init.dial(addresses, target.pinned)
    this.#dialsUnderWay--
    target.dialling = false
    target.dueAtMs = undefined
    if (outcome.kind === 'connected') target.peer = outcome.peer
    else this.#missed(target, addresses, outcome)
  }

  #missed(target: Target, addresses: readonly string[], outcome: Exclude<DialOutcome, { kind: 'connected' }>): void {
    const nowMs = this.#init.clock.monotonicMs()
    if (outcome.kind === 'failed') {
      const longestMs = longestBackoffMs(this.#unreachable())
      target.dueAtMs = nowMs + backoffMs(target.attempts, this.#init.random.next(), longestMs)
      this.#init.log.debug('dial failed', { addresses, reason: outcome.reason, attempts: target.attempts })
    } else if (target.byName) {
      // A name that led to ourselves (a service with many hosts) may lead to another node next time.
      target.dueAtMs = nowMs + backoffMs(Number.POSITIVE_INFINITY, this.#init.random.next())
    } else {
      for (const address of addresses) this.#targets.delete(address)
    }
  }

  #unreachable(): number {
    let count = 0
    for (const { attempts } of this.#targets.values()) if (attempts > 0) count++
    return count
  }

  /** Delay before the first dial, or after a connection was lost or never came to anything. */
  #delayMs(target: Target): number {
    const yieldMs = target.pinned !== undefined && this.#init.self > target.pinned ? YIELD_MS : 0
    return yieldMs + (target.fresh ? 0 : backoffMs(Math.max(1, target.attempts), this.#init.random.next()))
  }

  /** Whether one more learnt peer fits, if need be in the place of the one that has been away longest. */
  #makeRoom(): boolean {
    if (this.#learntCount < this.#init.limits.learntPeersMax) return true
    let away: [string, Target] | undefined
    for (const [key, target] of this.#targets) {
      if (target.configured || target.dialling || target.attempts < FORGET_AFTER_FAILURES) continue
      if (away === undefined || target.attempts > away[1].attempts) away = [key, target]
    }
    if (away === undefined) return false
    this.#targets.delete(away[0])
    this.#learntCount--
    return true
  }
}

const newTarget = (known: Pick<Target, 'configured' | 'pinned' | 'byName' | 'configuredAddresses'>): Target => ({
  ...known,
  peer: known.pinned,
  learntAddresses: [],
  attempts: 0,
  dueAtMs: undefined,
  fresh: true,
  dialling: false,
})

/** The same addresses from another start each time: an attempt may end before it comes to the last one. */
const rotated = (addresses: readonly string[], by: number): readonly string[] => {
  const start = by % Math.max(1, addresses.length)
  return [...addresses.slice(start), ...addresses.slice(0, start)]
}

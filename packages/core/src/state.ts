/**
 * Everything a node knows, and the one way to change an entry of it. Derived structures (digest, attendance, names, counts,
 * purge order) change only in `replace`, so none can disagree with the entries.
 */
import {
  type Beat,
  compareStamps,
  type EntityId,
  type Entry,
  type EntryCounts,
  type JsonObject,
  type NodeId,
  type SignedPresence,
  type Stamp,
  type Status,
} from '@rollcall/protocol'
import { type AuditHead, GENESIS } from './audit.ts'
import { ClaimIndex } from './claims.ts'
import { HybridClock } from './clock/hybrid-clock.ts'
import type { SteadyClock } from './clock/steady-clock.ts'
import { LeaseQueue } from './lease-queue.ts'
import { Members } from './members.ts'
import { type Item, itemOf } from './merge/item.ts'
import { ownerStamp } from './merge/order.ts'
import { OwnedIndex } from './owned.ts'
import type { CoreSettings } from './settings.ts'
import { ItemSet } from './sync/item-set.ts'

/** One entity, or one developer, as this node holds it: what replicates (`entry`), and what it knows for itself. */
export interface Holding {
  entry: Entry
  item: Item
  /** Node time since which the present record or death is held here. */
  heldMs: number
  /** Monotonic time since which the present presence is held here. */
  presenceSinceMs: number
  /** The newest beat this node accepted itself (private until a transition carries it). */
  beat: PrivateBeat | undefined
  shown: Shown
  /** Session that beat here when another node announced the entity: should it go on, two processes have one key (L8). */
  overtakenSession: number | undefined
  /** The last beat that another session had brought before: should the same session be late again, it is no retry (L8). */
  echo: { readonly sessionId: number; readonly timeMs: number } | undefined
  /** Monotonic time at which two processes with this key were last noticed. */
  duplicateMs: number | undefined
}

export interface PrivateBeat {
  readonly beat: Beat
  /** Node time of acceptance. */
  readonly acceptedMs: number
  readonly sessionId: number
  readonly address: string
  readonly health: JsonObject | undefined
}

/** Session id of beats that were read from disk: older than every session of this run. */
export const NO_SESSION = 0

/** What counts and events show of an entity; a live developer is shown as one, and has no status. */
export type Shown = Status | 'developer' | 'tombstone' | 'grave'

export class RegistryState {
  readonly self: NodeId
  readonly settings: CoreSettings
  readonly steady: SteadyClock
  readonly hybrid: HybridClock
  readonly members: Members
  readonly holdings: Map<EntityId, Holding> = new Map()
  readonly leases: LeaseQueue = new LeaseQueue()
  /** What replicates of every entity, in the order in which sync compares it; its fingerprint is the digest (S1a). */
  readonly items: ItemSet<Item> = new ItemSet<Item>()
  /** Claims of handles, and of names and full names under developers (N1). */
  readonly claims: ClaimIndex = new ClaimIndex()
  /** The live entities of each developer (N2). */
  readonly owned: OwnedIndex = new OwnedIndex()
  /** Entities with an active presence, by attendant. */
  readonly attended: Map<NodeId, Set<EntityId>> = new Map()
  /** Tombstones in the order in which they came to be held: the order of purging. */
  readonly tombstones: Set<EntityId> = new Set()
  /** Newest beats of births that ended, kept two skews so that no replay activates the next birth (L2). */
  readonly endedBeats: Map<EntityId, { readonly timeMs: number; readonly untilMs: number }> = new Map()
  /** Private beats accepted since the last flush (L5). */
  readonly unflushed: Set<EntityId> = new Set()
  /** Entities to look at again, because a verdict changed how they are shown. */
  readonly review: Set<EntityId> = new Set()
  /** Tombstones whose retention a start began anew, and whose rows do not say so yet (T2). */
  readonly heldAnew: EntityId[] = []
  /** The greatest stamp up to which a peer's verdict covers what this node announced (L6). */
  reaffirmUpTo: Stamp | undefined
  /** Head of the audit chain (A1). */
  auditHead: AuditHead = GENESIS
  /** Whether writes are taken: false on an empty store with a join list until the first complete sync (S4). */
  ready: boolean
  lastTurnMs: number
  readonly #counts: Record<Shown, number> = {
    active: 0,
    inactive: 0,
    developer: 0,
    tombstone: 0,
    grave: 0,
  }

  constructor(init: {
    readonly self: NodeId
    readonly settings: CoreSettings
    readonly steady: SteadyClock
    readonly stampFloor: { readonly wallMs: number; readonly counter: number }
    readonly monotonicMs: number
    readonly ready: boolean
  }) {
    this.self = init.self
    this.settings = init.settings
    this.steady = init.steady
    this.hybrid = new HybridClock(init.self, init.stampFloor)
    const { suspectMs, thresholdMs, skewMs } = init.settings
    this.members = new Members(init.self, { suspectMs, goneMs: thresholdMs, skewMs })
    this.lastTurnMs = init.monotonicMs
    this.ready = init.ready
  }

  get counts(): EntryCounts {
    const { active, inactive, tombstone, grave } = this.#counts
    return { active, inactive, tombstones: tombstone, graves: grave }
  }

  /** Developers that said something themselves and live. */
  get developers(): number {
    return this.#counts.developer
  }

  /** Sets the entry of an entity or developer and everything derived from it. `show` must follow once presence and beats are settled. */
  replace(id: EntityId, entry: Entry, now: { readonly nodeMs: number; readonly monotonicMs: number }): Holding {
    const held = this.holdings.get(id)
    const item = itemOf(entry, held)
    if (held === undefined) {
      const holding: Holding = {
        entry,
        item,
        heldMs: now.nodeMs,
        presenceSinceMs: now.monotonicMs,
        beat: undefined,
        shown: 'inactive',
        overtakenSession: undefined,
        echo: undefined,
        duplicateMs: undefined,
      }
      this.holdings.set(id, holding)
      this.#counts.inactive++
      this.#index(holding)
      this.#indexRecord(entry)
      return holding
    }
    // Most changes are of the presence alone, and say nothing of names and owners.
    const isRecordKept = sameRecord(held.entry, entry)
    this.#unindex(held)
    if (!isRecordKept) this.#unindexRecord(held.entry)
    if (!sameBirth(held.entry, entry)) {
      this.#endBirth(id, held, now.nodeMs)
      held.heldMs = now.nodeMs
    }
    if (presenceOf(held.entry) !== presenceOf(entry)) held.presenceSinceMs = now.monotonicMs
    held.entry = entry
    held.item = item
    this.#index(held)
    if (!isRecordKept) this.#indexRecord(entry)
    return held
  }

  /** Forgets an entity, and everything derived from it. */
  remove(id: EntityId): void {
    const holding = this.holdings.get(id)
    if (holding === undefined) return
    this.#unindex(holding)
    this.#unindexRecord(holding.entry)
    this.#counts[holding.shown]--
    this.holdings.delete(id)
    this.leases.end(id)
    this.unflushed.delete(id)
    this.endedBeats.delete(id)
    this.review.delete(id)
  }

  /** How this node shows an entity now: L6's verdicts and private beats taken into account. */
  shownNow(holding: Holding): Shown {
    const { entry } = holding
    if (entry.kind !== 'record') return entry.kind
    const presence = entry.presence
    if (presence === undefined || presence.status === 'inactive') return 'inactive'
    if (presence.attendant === this.self || this.leases.deadlineMs(entry.id) !== undefined) return 'active'
    return this.members.covers(presence.attendant, presence.stamp) ? 'inactive' : 'active'
  }

  /** Settles what is shown of an entity, and returns what was shown before. */
  show(holding: Holding): Shown {
    const before = holding.shown
    holding.shown = this.shownNow(holding)
    this.#counts[before]--
    this.#counts[holding.shown]++
    return before
  }

  /** Time of the newest beat known of an entity, private or replicated, or of a birth that ended lately. */
  newestBeatMs(id: EntityId): number {
    const holding = this.holdings.get(id)
    const presence = holding === undefined ? undefined : presenceOf(holding.entry)
    return Math.max(
      holding?.beat?.beat.timeMs ?? -1,
      presence?.beat.timeMs ?? -1,
      this.endedBeats.get(id)?.timeMs ?? -1,
    )
  }

  #index(holding: Holding): void {
    const { entry } = holding
    this.items.insert(holding.item)
    this.hybrid.observe(holding.item.stamp)
    if (entry.kind === 'tombstone') this.tombstones.add(entry.id)
    if (entry.kind !== 'record') return
    this.hybrid.observe(entry.record.stamp)
    if (entry.presence?.status !== 'active') return
    const attended = this.attended.get(entry.presence.attendant) ?? new Set<EntityId>()
    this.attended.set(entry.presence.attendant, attended.add(entry.id))
  }

  #indexRecord(entry: Entry): void {
    this.claims.add(entry)
    this.owned.add(entry)
  }

  #unindexRecord(entry: Entry): void {
    this.claims.remove(entry)
    this.owned.remove(entry)
  }

  #unindex(holding: Holding): void {
    const { entry } = holding
    this.items.remove(holding.item)
    this.tombstones.delete(entry.id)
    if (entry.kind !== 'record' || entry.presence === undefined) return
    const attended = this.attended.get(entry.presence.attendant)
    attended?.delete(entry.id)
    if (attended?.size === 0) this.attended.delete(entry.presence.attendant)
  }

  #endBirth(id: EntityId, holding: Holding, nodeMs: number): void {
    const timeMs = this.newestBeatMs(id)
    this.endedBeats.delete(id)
    if (timeMs >= 0) this.endedBeats.set(id, { timeMs, untilMs: nodeMs + 2 * this.settings.skewMs })
    holding.beat = undefined
    holding.overtakenSession = undefined
    holding.echo = undefined
    this.leases.end(id)
    this.unflushed.delete(id)
  }
}

export const presenceOf = (entry: Entry): SignedPresence | undefined =>
  entry.kind === 'record' ? entry.presence : undefined

/** Whether two entries differ in their presence at most. */
export const sameRecord = (a: Entry, b: Entry): boolean =>
  a === b || (a.kind === 'record' && b.kind === 'record' && a.record === b.record)

/** Whether two entries are one incarnation: the same birth, or the same death in the same stage. */
export const sameBirth = (a: Entry, b: Entry): boolean =>
  a.kind === b.kind && compareStamps(ownerStamp(a), ownerStamp(b)) === 0

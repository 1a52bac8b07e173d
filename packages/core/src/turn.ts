/**
 * One step in the making: collects what changed, signs what this node announced (one signature for the whole turn), and
 * hands everything over as effects. Newest state per entity falls out of it: an entity that changed twice is told once.
 */
import {
  type Delta,
  type EntityId,
  type Entry,
  encodePresence,
  isDeveloperId,
  type NodeId,
  type Presence,
  type SignedPresence,
  type Stamp,
  signWords,
  type Word,
} from '@rollcall/protocol'
import { type AuditFact, nextLink, putLink } from './audit.ts'
import { type Claim, type Claimants, claimsOf } from './claims.ts'
import type { Answer, ClaimChange, Effects, Notice, Revocation, TransitionNote } from './effects.ts'
import { merge } from './merge/merge.ts'
import type { StoreOp } from './ports/store.ts'
import { delBeat, delEntity, putBeat, putClock, putEntry, putPresence } from './rows.ts'
import { type Holding, presenceOf, type RegistryState, type Shown, sameBirth, sameRecord } from './state.ts'

/** What a step is given besides its events. */
export interface StepEnv {
  readonly wallMs: number
  readonly monotonicMs: number
  /** Signs with the key of this node; deterministic (RFC 8032). */
  readonly sign: (message: Uint8Array) => Uint8Array
}

interface Change {
  readonly before: Entry | undefined
  readonly shown: Shown | 'unknown'
  reason: string
  own: boolean
}

const UNSIGNED: Word = { bytes: new Uint8Array(), sides: 0 }

export class Turn {
  readonly state: RegistryState
  readonly monotonicMs: number
  /** The steady clock of the node (L4); only a tick that follows a step changes it. */
  nodeMs: number
  /** The system clock, which only `tick` looks at. */
  readonly wallMs: number
  readonly answers: Answer[] = []
  readonly notices: Notice[] = []
  readonly revoke: Revocation[] = []
  readonly fetch: { readonly id: EntityId; readonly from: NodeId }[] = []
  readonly store: StoreOp[] = []
  durable = false
  isUnfinished = false
  /** Leases that ended in this turn. */
  expired = 0
  readonly #sign: StepEnv['sign']
  readonly #changes = new Map<EntityId, Change>()
  readonly #announced = new Set<EntityId>()
  /** Who claimed what this turn touches, before it did. */
  readonly #claims = new Map<string, { readonly claim: Claim; readonly before: Claimants }>()

  constructor(state: RegistryState, env: StepEnv) {
    this.state = state
    this.monotonicMs = env.monotonicMs
    this.wallMs = env.wallMs
    this.nodeMs = state.steady.at(env.monotonicMs)
    this.#sign = env.sign
  }

  issue(): Stamp {
    return this.state.hybrid.issue(this.nodeMs)
  }

  /** Joins `delta` into what is held. Returns the holding where that changed anything. */
  join(delta: Delta, reason: string, options: { readonly own: boolean }): Holding | undefined {
    const held = this.state.holdings.get(delta.id)
    const entry = merge(held?.entry, delta)
    if (entry === undefined || entry === held?.entry) return undefined
    return this.set(delta.id, entry, reason, options)
  }

  set(id: EntityId, entry: Entry, reason: string, options: { readonly own: boolean }): Holding {
    this.touch(id, reason, options)
    this.#noteClaims(this.state.holdings.get(id)?.entry, entry)
    return this.state.replace(id, entry, this)
  }

  /** Lets go of an entity, as if nobody had ever told of it (M4): no transition, and no word to peers. */
  remove(id: EntityId): void {
    this.touch(id, 'stamp_future')
    this.#noteClaims(this.state.holdings.get(id)?.entry, undefined)
    this.state.remove(id)
  }

  /** Remembers who claims what a change of an entry touches; a change of its presence alone touches nothing. */
  #noteClaims(before: Entry | undefined, after: Entry | undefined): void {
    if (before !== undefined && after !== undefined && sameRecord(before, after)) return
    for (const claim of [...claimsOf(before), ...claimsOf(after)]) {
      if (!this.#claims.has(claim.key))
        this.#claims.set(claim.key, { claim, before: this.state.claims.claimants(claim.key) })
    }
  }

  /** Notes that how an entity is shown may change, without a change of its entry. */
  touch(id: EntityId, reason: string, options: { readonly own: boolean } = { own: false }): void {
    const change = this.#changes.get(id)
    if (change !== undefined) {
      change.reason = reason
      change.own ||= options.own
      return
    }
    const held = this.state.holdings.get(id)
    this.#changes.set(id, { before: held?.entry, shown: held?.shown ?? 'unknown', reason, own: options.own })
  }

  /** Announces a presence of an entity this node attends: stamps it now, signs it when the turn ends. */
  announce(id: EntityId, fields: Omit<Presence, 'bytes' | 'stamp' | 'attendant'>): void {
    const full = { ...fields, attendant: this.state.self, stamp: this.issue() }
    const presence: SignedPresence = { ...full, bytes: encodePresence(full), word: UNSIGNED }
    if (this.join({ kind: 'presence', id, presence }, fields.cause, { own: true }) !== undefined)
      this.#announced.add(id)
  }

  /** Ends the turn. */
  seal(): Effects {
    this.#signAnnounced()
    const publish: Delta[] = []
    const transitions: TransitionNote[] = []
    for (const [id, change] of this.#changes) {
      const holding = this.state.holdings.get(id)
      if (holding === undefined) {
        if (change.before !== undefined) this.store.push(...delEntity(id))
        continue
      }
      this.state.show(holding)
      this.#persist(holding, change)
      const delta = change.own ? ownDelta(this.state.self, holding.entry, change.before) : undefined
      if (delta !== undefined) publish.push(delta)
      const note = this.#note(holding, change)
      if (note !== undefined) {
        transitions.push(note)
        this.#audit(note.kind, { ...note, subject: id, attendant: note.attendant ?? '' })
      }
      if (note?.kind === 'deregistered') this.revoke.push({ id, reason: 'deregistered' })
    }
    for (const notice of this.notices) {
      // A verdict is this node's own conclusion, and so a fact of its chain (A1).
      if (notice.type === 'verdict') this.#audit('verdict', { ...verdictFact(notice.node), stamp: notice.lastStamp })
    }
    // Who says what is held already is promised it like anybody else, and it may have come by gossip: only a batch that is
    // safe makes those before it safe (L5).
    if (this.durable && this.store.length === 0)
      this.store.push(putClock(Math.max(this.nodeMs, this.state.hybrid.wallMs)))
    return {
      store: this.store,
      durable: this.durable,
      publish,
      reindex: [...this.#changes.keys()],
      transitions,
      claims: this.#claimChanges(),
      notices: this.notices,
      revoke: this.revoke,
      fetch: this.fetch,
      answers: this.answers,
      isUnfinished: this.isUnfinished,
    }
  }

  /** Claims whose holder changed, or that somebody lost, in this turn. */
  #claimChanges(): ClaimChange[] {
    const changes: ClaimChange[] = []
    for (const { claim, before } of this.#claims.values()) {
      const after = this.state.claims.claimants(claim.key)
      const lost = [...after.others].filter((id) => !before.others.has(id))
      if (after.holder === before.holder && lost.length === 0) continue
      changes.push({ claim, before: before.holder, holder: after.holder, lost, atMs: this.nodeMs })
    }
    return changes
  }

  #signAnnounced(): void {
    const unsigned: { readonly holding: Holding; readonly presence: SignedPresence }[] = []
    for (const id of this.#announced) {
      const holding = this.state.holdings.get(id)
      const presence = holding === undefined ? undefined : presenceOf(holding.entry)
      if (holding !== undefined && presence?.word === UNSIGNED) unsigned.push({ holding, presence })
    }
    const words = signWords(
      unsigned.map(({ holding, presence }) => ({ id: holding.entry.id, bytes: presence.bytes })),
      this.#sign,
    )
    unsigned.forEach(({ holding, presence }, i) => {
      const word = words[i]
      // The word is evidence and in no item, so nothing derived from the entry changes with it.
      if (holding.entry.kind === 'record' && word !== undefined) {
        holding.entry = { ...holding.entry, presence: { ...presence, word } }
      }
    })
  }

  #persist(holding: Holding, change: Change): void {
    const { entry } = holding
    const { before } = change
    const recordBefore = before?.kind === 'record' ? before.record : undefined
    if (entry.kind !== 'record' || entry.record !== recordBefore) this.store.push(putEntry(entry, holding.heldMs))
    if (presenceOf(entry) !== (before === undefined ? undefined : presenceOf(before)))
      this.store.push(putPresence(entry))
    const anew = before !== undefined && !sameBirth(before, entry)
    if (holding.beat === undefined) {
      if (anew) this.store.push(delBeat(entry.id))
    } else if (anew || this.#announced.has(entry.id)) {
      this.store.push(putBeat(entry.id, holding.beat))
      this.state.unflushed.delete(entry.id)
    }
  }

  #audit(kind: string, fact: Omit<AuditFact, 'kind' | 'atMs'>): void {
    const { subject, from, to, reason, attendant, stamp } = fact
    const link = nextLink(this.state.auditHead, {
      atMs: this.nodeMs,
      kind,
      subject,
      from,
      to,
      reason,
      attendant,
      stamp,
    })
    this.state.auditHead = link
    this.store.push(putLink(link))
  }

  #note(holding: Holding, change: Change): TransitionNote | undefined {
    const kind = kindOf(holding, change)
    if (kind === undefined) return undefined
    return {
      kind,
      id: holding.entry.id,
      from: change.shown,
      to: holding.shown,
      reason: reasonOf(kind, holding, change),
      attendant: presenceOf(holding.entry)?.attendant,
      stamp: holding.item.stamp,
      atMs: this.nodeMs,
    }
  }
}

const verdictFact = (node: NodeId): Omit<AuditFact, 'kind' | 'atMs' | 'stamp'> => ({
  subject: node,
  from: 'heard',
  to: 'gone',
  reason: 'attendant_gone',
  attendant: '',
})

/**
 * What peers must be told of a change of our own: only the part that changed, and nothing where the word of a peer won over
 * it in this very turn.
 */
const ownDelta = (self: NodeId, entry: Entry, before: Entry | undefined): Delta | undefined => {
  if (entry.kind === 'grave') return undefined
  if (entry.kind === 'tombstone') return entry.tombstone.stamp.node === self ? entry : undefined
  if (entry.kind === 'developer') return entry.developer.stamp.node === self ? entry : undefined
  const { id, record, presence } = entry
  const known = before?.kind === 'record' ? before.record : undefined
  if (record !== known && record.stamp.node === self) return entry
  if (presence?.attendant !== self) return undefined
  return before !== undefined && sameBirth(before, entry) ? { kind: 'presence', id, presence } : entry
}

/** Why, where several things happened to an entity in one turn: what brought about this kind of transition. */
const reasonOf = (kind: TransitionNote['kind'], { entry, shown }: Holding, { before, reason }: Change): string => {
  if (kind === 'purged' || kind === 'developer_purged') return 'retention'
  if (isDeveloperId(entry.id) || kind === 'registered' || kind === 'updated' || kind === 'deregistered') return 'owner'
  const presence = presenceOf(entry)
  if (presence === undefined || (before !== undefined && presence === presenceOf(before))) return reason
  return presence.status === shown ? presence.cause : 'attendant_gone'
}

const kindOf = (holding: Holding, change: Change): TransitionNote['kind'] | undefined => {
  const { entry, shown } = holding
  const { before } = change
  if (isDeveloperId(entry.id)) return developerKindOf(entry, before)
  if (entry.kind !== 'record') {
    if (before === undefined) return shown === 'tombstone' ? 'deregistered' : undefined
    if (before.kind === 'record') return 'deregistered'
    return before.kind === 'tombstone' && entry.kind === 'grave' ? 'purged' : undefined
  }
  const sameLife = before?.kind === 'record' && sameBirth(before, entry)
  if (shown === 'active' && change.shown !== 'active') return 'active'
  // What was active in an earlier birth did not fall silent: its owner began anew.
  if (!sameLife) return 'registered'
  if (shown !== 'active' && change.shown === 'active') return 'inactive'
  if (before.record !== entry.record) return 'updated'
  const attendant = presenceOf(entry)?.attendant
  return shown === 'active' && attendant !== presenceOf(before)?.attendant ? 'moved' : undefined
}

const developerKindOf = (entry: Entry, before: Entry | undefined): TransitionNote['kind'] | undefined => {
  if (entry.kind === 'developer') {
    if (before === undefined || !sameBirth(before, entry)) return 'developer_registered'
    return before === entry ? undefined : 'developer_updated'
  }
  if (entry.kind === 'grave' && before?.kind === 'tombstone') return 'developer_purged'
  const isNews = before === undefined ? entry.kind === 'tombstone' : before.kind === 'developer'
  return isNews ? 'developer_deregistered' : undefined
}

/**
 * Anti-entropy with one peer (S1): member tables first, then the reconciliation of the ordered sets, then what differs, both
 * ways. Equal sets cost one round. Thin: what differs is found by `reconcile`, what is believed by the step.
 *
 * A sync that ran to its end is a confirmation: whatever this node held when it began, the peer holds now (T2).
 *
 * A node is in one repair at a time, its own or a peer's (`RepairTurns`). Where many lack the same, as after a split, each
 * would otherwise be brought it by all of its peers at once.
 */
import {
  answerMessage,
  type Clock,
  differencesIn,
  type InPieces,
  type ListedItem,
  type Log,
  type Mesh,
  type Metrics,
  nextMessage,
  openingMessage,
  type Range,
  type RegistryInput,
  type RegistryState,
  renewed,
} from '@rollcall/core'
import { compareStamps, type Delta, type EntityId, LIMITS, type NodeId } from '@rollcall/protocol'
import type { EventLoopTurns } from './event-loop-turns.ts'
import type { Evidence } from './evidence.ts'
import type { Lines } from './inbox.ts'
import { inLanes, together } from './lanes.ts'
import { RepairTurns } from './repair-turns.ts'
import {
  decodeSync,
  encodeSync,
  type MemberLine,
  PARTS,
  type Parts,
  type SyncMessage,
  type Wanted,
} from './sync-wire.ts'

export interface SyncInit {
  readonly state: RegistryState
  readonly mesh: Mesh
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly evidence: Evidence
  readonly eventLoop: EventLoopTurns
  readonly submit: (event: RegistryInput) => boolean
  /** Resolves when everything submitted to these lines has been carried out. */
  readonly settled: (lines: Lines) => Promise<void>
  readonly onRoundTrip: (peer: NodeId, milliseconds: number) => void
  /** A repair with a peer ended, and what this node holds may have changed. */
  readonly onRepaired: () => void
  /** A peer that differs, or this node, is in another repair: this one is worth trying again soon. */
  readonly onBusy: (peer: NodeId) => void
}

const TIMEOUT_MS = 10_000
/** Far more than any reconciliation needs: a message settles or divides hundreds of ranges. */
const ROUNDS_MAX = 100_000
/** Entries of one message: to read or write it takes some milliseconds, and so long the event loop waits. */
const BATCH_MAX = 64
const BATCH_BYTES = 256 * 1024
/** Entries that are judged, and put into the inbox, at a time: to verify them takes some milliseconds. */
const JUDGED_MAX = 16
/**
 * Differences that are gathered before they are repaired, and most of one repair. Each repair costs some more comparisons;
 * and each spares those of the places where what it brought lay before.
 */
const GATHERED_MAX = 512

export class Sync {
  readonly #init: SyncInit
  readonly #running = new Map<NodeId, Promise<boolean>>()
  readonly #turns: RepairTurns

  constructor(init: SyncInit) {
    this.#init = init
    this.#turns = new RepairTurns(init.clock, init.state.self)
  }

  /** Syncs with a peer, unless that is under way. Resolves with whether it ran to its end; never rejects. */
  with(peer: NodeId): Promise<boolean> {
    const running = this.#running.get(peer)
    if (running !== undefined) return running
    const round = this.#round(peer).finally(() => this.#running.delete(peer))
    this.#running.set(peer, round)
    return round
  }

  /** Answers a peer's request. Throws where it cannot be read: the peer is told `refused`. */
  async answer(body: Uint8Array, from: NodeId): Promise<Uint8Array> {
    this.#init.metrics.count('sync_bytes_total', { direction: 'in' }, body.length)
    await this.#init.eventLoop.next()
    const request = decodeSync(body)
    if (!request.ok) throw new Error(request.message)
    const answer = encodeSync(await this.#reply(request.value, from))
    this.#init.metrics.count('sync_bytes_total', { direction: 'out' }, answer.length)
    return answer
  }

  async #round(peer: NodeId): Promise<boolean> {
    const { log, metrics, state, clock, submit } = this.#init
    const startedMs = Math.floor(state.steady.at(clock.monotonicMs()))
    try {
      const outcome = await this.#exchange(peer)
      submit({ type: 'synced', peer, startedMs })
      await this.#init.settled('both')
      metrics.count('sync_rounds_total', { outcome })
      return true
    } catch (error) {
      if (error instanceof Busy) {
        metrics.count('sync_rounds_total', { outcome: 'busy' })
        this.#init.onBusy(peer)
        return false
      }
      metrics.count('sync_rounds_total', { outcome: 'failed' })
      log.debug('a sync did not run to its end', { peer, error })
      return false
    }
  }

  async #exchange(peer: NodeId): Promise<'equal' | 'repaired'> {
    if (await this.#isEqual(peer)) return 'equal'
    await this.#turns.take(peer, async () => {
      // A node that holds nothing yet cannot wait: what others bring does not make it ready (S4).
      if (this.#init.state.ready && this.#turns.isVisited()) throw new Busy()
      await this.#reconcile(peer, { isCertain: false })
      // Tells the peer that the repair is over.
      if (await this.#isEqual(peer)) return
      // Not quite: what changed meanwhile moved to the newest, where this repair began.
      await this.#reconcile(peer, { isCertain: true })
      await this.#isEqual(peer)
    })
    this.#init.onRepaired()
    return 'repaired'
  }

  /** Exchanges member tables and digests. */
  async #isEqual(peer: NodeId): Promise<boolean> {
    const hello = await this.#ask(peer, this.#hello(peer, openingMessage(this.#init.state.items)), 'hello')
    this.#hearAll(hello)
    const [first] = hello.ranges
    return hello.ranges.length === 1 && first?.claim.kind === 'skip'
  }

  /**
   * Finds and repairs what differs. Of two versions the one stamped later is taken for the one that stays, unless `isCertain`
   * is asked for, and the other does not travel (M2 may decide otherwise).
   */
  async #reconcile(peer: NodeId, options: { readonly isCertain: boolean }): Promise<void> {
    const { state, eventLoop } = this.#init
    let next: Range[] | undefined = openingMessage(state.items)
    let found = new Map<EntityId, ListedItem | undefined>()
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (this.#turns.mustYieldTo(peer)) throw new Busy()
      const answer: readonly Range[] = (await this.#ask(peer, { type: 'ranges', ranges: next }, 'ranges')).ranges
      await eventLoop.next()
      const { ours, theirs } = await this.#inPieces(differencesIn(state.items, answer))
      for (const { id } of ours) if (!found.has(id)) found.set(id, undefined)
      for (const item of theirs) found.set(item.id, item)
      await eventLoop.next()
      next = await this.#inPieces(nextMessage(state.items, answer))
      if (found.size >= GATHERED_MAX || next === undefined) {
        for (const part of slices([...found], GATHERED_MAX)) await this.#repair(peer, new Map(part), options)
        if (next === undefined) return
        found = new Map()
        await eventLoop.next()
        // Where the newest differences are repaired, the places where those entries lay before differ no more (S1).
        next = await this.#inPieces(renewed(state.items, next))
      }
    }
    throw new Error(`not settled after ${ROUNDS_MAX} rounds`)
  }

  /**
   * Pulls what the peer has and this node lacks, and pushes what the peer lacks; of an entry only the parts that differ.
   * `found` holds for each entity what the peer listed of it, if anything. Of what both have, the pull comes first, so that
   * nothing is pushed that the peer's own version outranks.
   */
  async #repair(
    peer: NodeId,
    found: ReadonlyMap<EntityId, ListedItem | undefined>,
    options: { readonly isCertain: boolean },
  ): Promise<void> {
    const { holdings } = this.#init.state
    const wanted: Wanted[] = []
    const lacking: EntityId[] = []
    const contested: EntityId[] = []
    for (const [id, theirs] of found) {
      const mine = holdings.get(id)?.item
      const parts = theirs === undefined ? undefined : partsBeyond(theirs, mine)
      if (theirs !== undefined && parts === undefined) continue
      const isOutranked =
        !options.isCertain && mine !== undefined && compareStamps(theirs?.stamp ?? mine.stamp, mine.stamp) < 0
      const isWanted = parts !== undefined && !isOutranked
      if (isWanted) wanted.push({ id, parts })
      if (mine !== undefined) (isWanted ? contested : lacking).push(id)
    }
    const push = (ids: readonly EntityId[]): Promise<void> =>
      inLanes(this.#beyond(ids, found), (deltas) => this.#ask(peer, { type: 'deltas', deltas }, 'deltas'))
    await together([inLanes(slices(wanted, BATCH_MAX), (slice) => this.#pull(peer, slice)), push(lacking)])
    await push(contested)
  }

  /** Messages of what is held of these entities beyond what a peer listed of them. */
  *#beyond(
    ids: readonly EntityId[],
    theirs: ReadonlyMap<EntityId, ListedItem | undefined>,
  ): Generator<readonly Delta[]> {
    for (const slice of slices(ids, BATCH_MAX)) {
      const deltas = slice.flatMap((id) => {
        const item = this.#init.state.holdings.get(id)?.item
        const parts = item === undefined ? undefined : partsBeyond(item, theirs.get(id))
        return parts === undefined ? [] : this.#entry({ id, parts })
      })
      yield* batches(deltas)
    }
  }

  async #pull(peer: NodeId, wanted: readonly Wanted[]): Promise<void> {
    const left = [...wanted]
    while (left.length > 0) {
      const { deltas } = await this.#ask(peer, { type: 'get', wanted: left }, 'deltas')
      await this.#takeIn(deltas, peer)
      // The answer holds as many as fit, in order; what the peer no longer has is absent from it.
      const last = deltas.at(-1)
      const answered = last === undefined ? left.length : left.findIndex(({ id }) => id === last.id) + 1
      left.splice(0, Math.max(1, answered))
    }
  }

  async #reply(request: SyncMessage, from: NodeId): Promise<SyncMessage> {
    const { state } = this.#init
    switch (request.type) {
      case 'hello':
        this.#hearAll(request)
        if (this.#turns.leaves(from)) this.#init.onRepaired()
        return this.#hello(from, await this.#inPieces(answerMessage(state.items, request.ranges)))
      case 'ranges':
        if (!this.#turns.admits(from)) return { type: 'busy' }
        return { type: 'ranges', ranges: await this.#inPieces(answerMessage(state.items, request.ranges)) }
      case 'busy':
        return request
      case 'get': {
        this.#turns.admits(from)
        const [first] = batches(request.wanted.flatMap((wanted) => this.#entry(wanted)))
        return { type: 'deltas', deltas: first ?? [] }
      }
      case 'deltas':
        this.#turns.admits(from)
        await this.#takeIn(request.deltas, from)
        return { type: 'deltas', deltas: [] }
    }
  }

  /** Verifies entries and lets them in. A bad one is dropped and told; the others are not its fault. */
  async #takeIn(deltas: readonly Delta[], from: NodeId): Promise<void> {
    for (const slice of slices(deltas, JUDGED_MAX)) {
      await this.#init.eventLoop.next()
      await this.#judgeAndSubmit(slice, from)
    }
    await this.#init.settled('both')
  }

  async #judgeAndSubmit(deltas: readonly Delta[], from: NodeId): Promise<void> {
    const { evidence, submit, metrics, log } = this.#init
    const judgements = await Promise.all(deltas.map((delta) => evidence.judge(delta)))
    const good = deltas.filter((_, i) => judgements[i] === 'good')
    const bad = deltas.find((_, i) => judgements[i] === 'bad')
    if (bad !== undefined) log.warn('a peer sent an entry without valid evidence', { from, id: bad.id })
    if (good.length === 0) return
    if (!submit({ type: 'deltas', deltas: good, from, source: 'sync' })) throw new Error('the inbox is full')
    metrics.count('sync_repairs_total', {}, good.length)
  }

  /** Carries out a computation of which each piece after the first waits for its turn on the event loop. */
  async #inPieces<T>(work: InPieces<T>): Promise<T> {
    for (;;) {
      const step = work.next()
      if (step.done === true) return step.value
      await this.#init.eventLoop.next()
    }
  }

  /** The wanted parts of an entry, as far as it is still held. */
  #entry({ id, parts }: { readonly id: EntityId; readonly parts: Parts | undefined }): Delta[] {
    const entry = this.#init.state.holdings.get(id)?.entry
    if (entry === undefined) return []
    if (entry.kind !== 'record' || parts === undefined || parts === PARTS.both) return [entry]
    if (parts === PARTS.record) return [{ ...entry, presence: undefined }]
    return entry.presence === undefined ? [] : [{ kind: 'presence', id, presence: entry.presence }]
  }

  /** The members this node knows, and itself. */
  #memberTable(): MemberLine[] {
    const { state, clock, mesh } = this.#init
    const nowMs = clock.monotonicMs()
    const lines: MemberLine[] = [{ node: mesh.nodeId, lastStamp: state.hybrid.issue(state.steady.at(nowMs)), ageMs: 0 }]
    for (const { id, lastStamp, heardMs } of state.members.all()) {
      if (lastStamp === undefined || lines.length >= LIMITS.membersMax) continue
      lines.push({ node: id, lastStamp, ageMs: Math.min(nowMs - heardMs, Number.MAX_SAFE_INTEGER) })
    }
    return lines
  }

  #hello(peer: NodeId, ranges: readonly Range[]): Hello {
    const { state, clock } = this.#init
    const verdict = state.members.verdicts(clock.monotonicMs()).find(({ node }) => node === peer)?.lastStamp
    return { type: 'hello', members: this.#memberTable(), ranges, verdict }
  }

  #hearAll({ members, verdict }: Hello): void {
    const { submit } = this.#init
    for (const { node, lastStamp, ageMs } of members) submit({ type: 'heard', node, stamp: lastStamp, ageMs })
    if (verdict !== undefined) submit({ type: 'verdict', lastStamp: verdict })
  }

  async #ask<T extends SyncMessage['type']>(
    peer: NodeId,
    message: SyncMessage,
    expected: T,
  ): Promise<Extract<SyncMessage, { type: T }>> {
    const { mesh, metrics, clock } = this.#init
    const body = encodeSync(message)
    const askedMs = clock.monotonicMs()
    metrics.count('sync_bytes_total', { direction: 'out' }, body.length)
    const answer = await mesh.request(peer, '/rollcall/sync/1', body, {
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: LIMITS.syncResponseBytesMax,
    })
    // Equal or not, a hello is answered at once: the other requests have work in them.
    if (message.type === 'hello') this.#init.onRoundTrip(peer, clock.monotonicMs() - askedMs)
    metrics.count('sync_bytes_total', { direction: 'in' }, answer.length)
    await this.#init.eventLoop.next()
    const decoded = decodeSync(answer)
    if (!decoded.ok) throw new Error(decoded.message)
    if (decoded.value.type === 'busy') throw new Busy()
    if (!isType(decoded.value, expected)) throw new Error(`the peer answered ${decoded.value.type} for ${expected}`)
    return decoded.value
  }
}

/** The peer, or this node, is in another repair. */
class Busy extends Error {}

type Hello = Extract<SyncMessage, { type: 'hello' }>

const isType = <T extends SyncMessage['type']>(
  message: SyncMessage,
  type: T,
): message is Extract<SyncMessage, { type: T }> => message.type === type

/** Room for the word of a presence, the id and the framing. */
const WORD_BYTES = 512

const sizeOf = (delta: Delta): number => {
  if (delta.kind === 'record') return delta.record.bytes.length + (delta.presence?.bytes.length ?? 0) + WORD_BYTES
  if (delta.kind === 'developer') return delta.developer.bytes.length + WORD_BYTES
  if (delta.kind === 'tombstone') return delta.tombstone.bytes.length
  return delta.kind === 'presence' ? delta.presence.bytes.length + WORD_BYTES : WORD_BYTES
}

/** Parts of `item` that `other` has not; undefined where the hashes known of both agree. */
const partsBeyond = (item: Hashes, other: Hashes | undefined): Parts | undefined => {
  if (other === undefined) return PARTS.both
  const record = !samePrefix(item.recordHash, other.recordHash)
  const presence = !samePrefix(item.presenceHash, other.presenceHash)
  if (record) return presence ? PARTS.both : PARTS.record
  return presence ? PARTS.presence : undefined
}

type Hashes = Pick<ListedItem, 'recordHash' | 'presenceHash'>

const samePrefix = (a: Uint8Array, b: Uint8Array): boolean => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return false
  return true
}

function* slices<T>(list: readonly T[], max: number): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += max) yield list.slice(at, at + max)
}

/** Deltas in messages of bounded count and size. */
function* batches(deltas: readonly Delta[]): Generator<readonly Delta[]> {
  let batch: Delta[] = []
  let bytes = 0
  for (const delta of deltas) {
    if (batch.length > 0 && (batch.length >= BATCH_MAX || bytes + sizeOf(delta) > BATCH_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(delta)
    bytes += sizeOf(delta)
  }
  if (batch.length > 0) yield batch
}

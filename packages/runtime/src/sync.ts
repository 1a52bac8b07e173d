/**
 * Anti-entropy with one peer (S1): member tables first, then the reconciliation of the ordered sets, then what differs, both
 * ways. Equal sets cost one round. Thin: what differs is found by `reconcile`, what is believed by the step.
 *
 * A sync that ran to its end is a confirmation: whatever this node held when it began, the peer holds now (T2).
 */
import {
  answerMessage,
  type Clock,
  type ListedItem,
  type Log,
  type Mesh,
  type Metrics,
  nextMessage,
  openingMessage,
  type Range,
  type RegistryInput,
  type RegistryState,
  type SyncItem,
} from '@rollcall/core'
import { type Delta, type EntityId, equalBytes, LIMITS, type NodeId } from '@rollcall/protocol'
import type { Evidence } from './evidence.ts'
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
  readonly submit: (event: RegistryInput) => boolean
  /** Resolves when everything submitted has been carried out. */
  readonly settled: () => Promise<void>
  readonly onRoundTrip: (peer: NodeId, milliseconds: number) => void
}

const TIMEOUT_MS = 10_000
/** Far more than any reconciliation needs: each round divides what is open by the number of branches. */
const ROUNDS_MAX = 1_000
/** Entries of one message: bounds bytes and the time to verify them. */
const BATCH_MAX = 256
const BATCH_BYTES = 1024 * 1024

export class Sync {
  readonly #init: SyncInit
  readonly #running = new Map<NodeId, Promise<boolean>>()
  #repairing: Promise<void> = Promise.resolve()

  constructor(init: SyncInit) {
    this.#init = init
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
      await this.#init.settled()
      metrics.count('sync_rounds_total', { outcome })
      return true
    } catch (error) {
      metrics.count('sync_rounds_total', { outcome: 'failed' })
      log.debug('a sync did not run to its end', { peer, error })
      return false
    }
  }

  async #exchange(peer: NodeId): Promise<'equal' | 'repaired'> {
    const { state, clock } = this.#init
    const opening = openingMessage(state.items)
    const askedMs = clock.monotonicMs()
    const hello = await this.#ask(peer, this.#hello(peer, opening), 'hello')
    this.#init.onRoundTrip(peer, clock.monotonicMs() - askedMs)
    this.#hearAll(hello)
    const [first] = hello.ranges
    if (hello.ranges.length === 1 && first?.claim.kind === 'skip') return 'equal'
    return this.#inTurn(() => this.#reconcile(peer))
  }

  /** One repair at a time: what one peer brought need not be asked of the next, and memory and verification are bounded. */
  #inTurn<T>(repair: () => Promise<T>): Promise<T> {
    const turn = this.#repairing.then(repair)
    this.#repairing = turn.then(
      () => undefined,
      // Told where it is awaited; here only the next one must not be held up.
      () => undefined,
    )
    return turn
  }

  async #reconcile(peer: NodeId): Promise<'repaired'> {
    const { state } = this.#init
    let next: Range[] | undefined = openingMessage(state.items)
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (next === undefined) return 'repaired'
      const answer: readonly Range[] = (await this.#ask(peer, { type: 'ranges', ranges: next }, 'ranges')).ranges
      const { differences, next: following } = nextMessage(state.items, answer)
      await this.#repair(peer, differences.theirs, differences.ours)
      next = following
    }
    throw new Error(`not settled after ${ROUNDS_MAX} rounds`)
  }

  /** Pulls what the peer has and this node lacks, and pushes the reverse; of an entry only the parts that differ. */
  async #repair(peer: NodeId, theirs: readonly ListedItem[], ours: readonly SyncItem[]): Promise<void> {
    const there = new Map(theirs.map((item) => [item.id, item]))
    // Taken before the pull: the peer must see our side as it was, too.
    const push = ours.flatMap((item) => this.#entry({ id: item.id, parts: partsBeyond(item, there.get(item.id)) }))
    const wanted = theirs.flatMap((item): Wanted[] => {
      const mine = this.#init.state.holdings.get(item.id)?.item
      const parts = partsBeyond(item, mine)
      return mine !== undefined && parts === undefined ? [] : [{ id: item.id, parts: parts ?? PARTS.both }]
    })
    for (const slice of slices(wanted)) await this.#pull(peer, slice)
    for (const deltas of batches(push)) await this.#ask(peer, { type: 'deltas', deltas }, 'deltas')
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
        return this.#hello(from, answerMessage(state.items, request.ranges))
      case 'ranges':
        return { type: 'ranges', ranges: answerMessage(state.items, request.ranges) }
      case 'get': {
        const [first] = batches(request.wanted.flatMap((wanted) => this.#entry(wanted)))
        return { type: 'deltas', deltas: first ?? [] }
      }
      case 'deltas':
        await this.#takeIn(request.deltas, from)
        return { type: 'deltas', deltas: [] }
    }
  }

  /** Verifies entries and lets them in. A bad one is dropped and told; the others are not its fault. */
  async #takeIn(deltas: readonly Delta[], from: NodeId): Promise<void> {
    const { evidence, submit, settled, metrics, log } = this.#init
    const judgements = await Promise.all(deltas.map((delta) => evidence.judge(delta)))
    const good = deltas.filter((_, i) => judgements[i] === 'good')
    const bad = deltas.find((_, i) => judgements[i] === 'bad')
    if (bad !== undefined) log.warn('a peer sent an entry without valid evidence', { from, id: bad.id })
    if (good.length === 0) return
    if (!submit({ type: 'deltas', deltas: good, from, source: 'sync' })) throw new Error('the inbox is full')
    metrics.count('sync_repairs_total', {}, good.length)
    await settled()
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
    const { mesh, metrics } = this.#init
    const body = encodeSync(message)
    metrics.count('sync_bytes_total', { direction: 'out' }, body.length)
    const answer = await mesh.request(peer, '/rollcall/sync/1', body, {
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: LIMITS.syncResponseBytesMax,
    })
    metrics.count('sync_bytes_total', { direction: 'in' }, answer.length)
    const decoded = decodeSync(answer)
    if (!decoded.ok) throw new Error(decoded.message)
    if (!isType(decoded.value, expected)) throw new Error(`the peer answered ${decoded.value.type} for ${expected}`)
    return decoded.value
  }
}

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
  return equalBytes(a.subarray(0, length), b.subarray(0, length))
}

function* slices<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += BATCH_MAX) yield list.slice(at, at + BATCH_MAX)
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

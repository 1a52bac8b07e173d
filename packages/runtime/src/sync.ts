/**
 * Anti-entropy with one peer (S1): member tables first, then, where digests differ, fingerprints of 256 buckets, lists of
 * the buckets that differ, and the entries that differ, both ways. Equal sets cost one round.
 *
 * A sync that ran to its end is a confirmation: whatever this node held when it began, the peer holds now (T2).
 */
import type { Clock, Log, Mesh, Metrics, RegistryInput, RegistryState } from '@rollcall/core'
import { type Delta, type EntityId, equalBytes, LIMITS, type NodeId } from '@rollcall/protocol'
import type { Evidence } from './evidence.ts'
import { bucketOf, differingBuckets, listedItem, takeSnapshot } from './snapshot.ts'
import { decodeSync, encodeSync, type ListedItem, type MemberLine, type SyncMessage } from './sync-wire.ts'

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
/** Entries of one message: bounds bytes and the time to verify them. */
const BATCH_MAX = 256
const BATCH_BYTES = 1024 * 1024

export class Sync {
  readonly #init: SyncInit
  readonly #running = new Map<NodeId, Promise<boolean>>()

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
    const mine = state.digest.fingerprint()
    const askedMs = clock.monotonicMs()
    const hello = await this.#ask(peer, { type: 'hello', members: this.#memberTable(), digest: mine }, 'hello')
    this.#init.onRoundTrip(peer, clock.monotonicMs() - askedMs)
    this.#hearAll(hello.members)
    if (equalBytes(hello.digest, mine)) return 'equal'
    const snapshot = await takeSnapshot(state, clock)
    const theirs = await this.#ask(peer, { type: 'buckets', fingerprints: [] }, 'buckets')
    for (const bucket of differingBuckets(snapshot.fingerprints, theirs.fingerprints)) {
      const list = await this.#ask(peer, { type: 'list', bucket, items: [] }, 'list')
      await this.#repairBucket(peer, bucket, list.items, snapshot.buckets[bucket] ?? [])
    }
    return 'repaired'
  }

  async #repairBucket(
    peer: NodeId,
    bucket: number,
    items: readonly ListedItem[],
    mine: readonly EntityId[],
  ): Promise<void> {
    const theirs = new Map(items.filter((item) => bucketOf(item.id) === bucket).map((item) => [item.id, item]))
    const differing = [...theirs.values()].filter((item) => !this.#holds(item)).map((item) => item.id)
    const unknownThere = mine.filter((id) => !theirs.has(id))
    // What differs is pushed as it was before the pull: the peer must see our side of it too.
    const push = [...differing, ...unknownThere].flatMap((id) => this.#entry(id))
    for (const ids of slices(differing)) await this.#pull(peer, ids)
    for (const deltas of slices(push)) await this.#ask(peer, { type: 'deltas', deltas }, 'deltas')
  }

  async #pull(peer: NodeId, ids: readonly EntityId[]): Promise<void> {
    const left = [...ids]
    while (left.length > 0) {
      const { deltas } = await this.#ask(peer, { type: 'get', ids: left }, 'deltas')
      if (deltas.length === 0) return
      await this.#takeIn(deltas, peer)
      // The answer holds as many as fit, in order; what the peer no longer has is absent from it.
      const last = deltas.at(-1)
      left.splice(0, last === undefined ? left.length : left.indexOf(last.id) + 1)
    }
  }

  async #reply(request: SyncMessage, from: NodeId): Promise<SyncMessage> {
    const { state, clock } = this.#init
    switch (request.type) {
      case 'hello':
        this.#hearAll(request.members)
        return { type: 'hello', members: this.#memberTable(), digest: state.digest.fingerprint() }
      case 'buckets':
        return { type: 'buckets', fingerprints: (await takeSnapshot(state, clock)).fingerprints }
      case 'list': {
        const { buckets } = await takeSnapshot(state, clock)
        const holdings = (buckets[request.bucket] ?? []).flatMap((id) => state.holdings.get(id) ?? [])
        return { type: 'list', bucket: request.bucket, items: holdings.map(listedItem) }
      }
      case 'get': {
        const deltas: Delta[] = []
        let bytes = 0
        for (const id of request.ids) {
          for (const delta of this.#entry(id)) {
            deltas.push(delta)
            bytes += sizeOf(delta)
          }
          if (deltas.length >= BATCH_MAX || bytes >= BATCH_BYTES) break
        }
        return { type: 'deltas', deltas }
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

  #holds(item: ListedItem): boolean {
    const holding = this.#init.state.holdings.get(item.id)
    if (holding === undefined) return false
    const mine = listedItem(holding)
    const length = item.recordHash.length
    return (
      equalBytes(mine.recordHash.subarray(0, length), item.recordHash) &&
      equalBytes(mine.presenceHash.subarray(0, length), item.presenceHash)
    )
  }

  #entry(id: EntityId): Delta[] {
    const entry = this.#init.state.holdings.get(id)?.entry
    return entry === undefined ? [] : [entry]
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

  #hearAll(lines: readonly MemberLine[]): void {
    for (const { node, lastStamp, ageMs } of lines) this.#init.submit({ type: 'heard', node, stamp: lastStamp, ageMs })
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

const isType = <T extends SyncMessage['type']>(
  message: SyncMessage,
  type: T,
): message is Extract<SyncMessage, { type: T }> => message.type === type

const sizeOf = (delta: Delta): number => {
  if (delta.kind === 'record') return delta.record.bytes.length + (delta.presence?.bytes.length ?? 0)
  return delta.kind === 'tombstone' ? delta.tombstone.bytes.length : 128
}

function* slices<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < list.length; at += BATCH_MAX) yield list.slice(at, at + BATCH_MAX)
}

/**
 * Group commit: one write to the disk at a time, and whatever arrives meanwhile forms the next one.
 *
 * A sync costs the same for one operation as for a thousand, so a thousand callers who wait together wait for two syncs
 * rather than a thousand. Merging needs no delay: the sync in flight is the window.
 *
 * Invariants:
 * 1. Batches reach the disk in the order of `push`, each whole within one commit, and settle in that order.
 * 2. A durable batch resolves after a sync that covers it and every batch before it.
 * 3. A failed commit rejects the callers whose batches were in it, and nobody else.
 * 4. What waits is bounded by `QUEUE_BYTES_MAX`.
 *
 * Durable and other batches are merged alike: the others then wait for a sync they did not ask for, which costs less
 * than a second write. Rejected: separate queues, which would have to be ordered again afterwards.
 */
import { type Metrics, StoreError } from '@rollcall/core'
import { GROUP_BYTES_MAX, GROUP_OPS_MAX, OVERHEAD_BYTES, QUEUE_BYTES_MAX } from './constants.ts'
import type { LevelOp } from './level-types.ts'

/** What the groups are written to. It is never called before its last call has settled. */
export interface CommitTarget {
  /** Applies all operations or none. With `sync`, resolves once they survive a power cut; earlier commits may not. */
  commit(ops: readonly LevelOp[], options: { readonly sync: boolean }): Promise<void>
  /** Resolves once every earlier commit survives a power cut. */
  sync(): Promise<void>
}

interface Waiting {
  readonly ops: readonly LevelOp[]
  readonly durable: boolean
  readonly sizeBytes: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

export class GroupCommit {
  readonly #target: CommitTarget
  readonly #metrics: Metrics | undefined
  #queue: Waiting[] = []
  #queuedBytes = 0
  #running: Promise<void> | undefined
  /** True while a commit has succeeded that no sync covers yet. */
  #unsynced = false

  constructor(target: CommitTarget, metrics?: Metrics) {
    this.#target = target
    this.#metrics = metrics
  }

  /** Queues one caller's batch. @throws StoreError `unavailable` when the queue is full or the disk refuses. */
  push(ops: readonly LevelOp[], durable: boolean): Promise<void> {
    const sizeBytes = sizeOf(ops)
    if (this.#queue.length > 0 && this.#queuedBytes + sizeBytes > QUEUE_BYTES_MAX) {
      this.#metrics?.count('dropped_total', { queue: 'store', reason: 'full' })
      const message = `the write queue is full: ${this.#queuedBytes} of ${QUEUE_BYTES_MAX} bytes are waiting`
      return Promise.reject(new StoreError('unavailable', message))
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ ops, durable, sizeBytes, resolve, reject })
      this.#queuedBytes += sizeBytes
      this.#gaugeQueue()
      this.#running ??= this.#run()
    })
  }

  /** Resolves once everything pushed so far has settled. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // One turn of patience lets every write of the current turn join the first group.
    await Promise.resolve()
    while (this.#queue.length > 0) await this.#commit(this.#takeGroup())
    this.#running = undefined
  }

  #takeGroup(): readonly Waiting[] {
    let count = 0
    let ops = 0
    let sizeBytes = 0
    for (const waiting of this.#queue) {
      ops += waiting.ops.length
      sizeBytes += waiting.sizeBytes
      if (count > 0 && (ops > GROUP_OPS_MAX || sizeBytes > GROUP_BYTES_MAX)) break
      this.#queuedBytes -= waiting.sizeBytes
      count++
    }
    const group = this.#queue.splice(0, count)
    this.#gaugeQueue()
    return group
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      await this.#writeGroup(
        group.flatMap(({ ops }) => ops),
        group.some(({ durable }) => durable),
      )
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  async #writeGroup(ops: readonly LevelOp[], sync: boolean): Promise<void> {
    // The sync of a commit covers that commit alone (sync-logs.ts tells why), so what came before is synced first.
    if (sync && this.#unsynced) {
      await this.#target.sync()
      this.#unsynced = false
    }
    if (ops.length === 0) return
    await this.#target.commit(ops, { sync })
    this.#unsynced = !sync
  }

  #gaugeQueue(): void {
    this.#metrics?.gauge('queue_length', this.#queue.length, { queue: 'store' })
  }
}

function sizeOf(ops: readonly LevelOp[]): number {
  let sizeBytes = OVERHEAD_BYTES
  for (const op of ops) sizeBytes += OVERHEAD_BYTES + op.key.length + (op.type === 'put' ? op.value.length : 0)
  return sizeBytes
}

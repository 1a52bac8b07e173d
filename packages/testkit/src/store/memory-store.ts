import { type KeyRange, type Store, StoreError, type StoreOp, type Table } from '@rollcall/core'
import { MemoryDisk } from './memory-disk.ts'

export interface MemoryStoreInit {
  /** What an earlier store left. Default: an empty disk. */
  readonly disk?: MemoryDisk
}

/**
 * The store port in memory, for tests and the simulator. It needs no clock and no chance: equal calls give equal states.
 *
 * Like a process, an instance is opened once and ends with `close` or `crash`; what it wrote stays on its `disk`, and a
 * new instance over that disk finds it. A batch is applied within the call of `write`.
 */
export class MemoryStore implements Store {
  readonly disk: MemoryDisk
  #state: 'new' | 'open' | 'closed' = 'new'

  constructor(init: MemoryStoreInit = {}) {
    this.disk = init.disk ?? new MemoryDisk()
  }

  /** @throws StoreError `locked` while another store has the disk open, `closed` after an end. */
  async open(): Promise<void> {
    if (this.#state === 'closed') throw notOpen()
    if (this.disk.holder !== undefined && this.disk.holder !== this) {
      throw new StoreError('locked', 'another store has this disk open')
    }
    this.disk.holder = this
    this.#state = 'open'
  }

  async get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined> {
    this.#requireOpen()
    return this.disk.get(table, key)
  }

  /**
   * The pairs as they were when the first was asked for.
   * @throws RangeError when `limit` is not a non-negative integer.
   */
  async *scan(table: Table, range: KeyRange = {}): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    this.#requireOpen()
    const { limit } = range
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) {
      throw new RangeError(`limit must be a non-negative integer, got ${limit}`)
    }
    for (const [key, value] of this.disk.scan(table, range)) {
      this.#requireOpen()
      yield [key, value.slice()]
    }
  }

  /** @throws StoreError `unavailable` while the disk refuses writes, `closed`. */
  async write(batch: readonly StoreOp[], options: { readonly durable: boolean }): Promise<void> {
    this.#requireOpen()
    if (this.disk.refusesWrites) throw new StoreError('unavailable', 'the disk refuses writes')
    this.disk.apply(batch)
    if (options.durable) this.disk.sync()
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.disk.sync()
    this.#end()
  }

  /**
   * Ends as in a power cut: calls fail with `closed` from here on, and of the batches written since the last durable one
   * the newest `lost` are gone from the disk. Batches are only ever lost whole, and never one before a later one.
   *
   * @param lost - From 0 to `disk.unsyncedBatches`. Default: all of those.
   * @throws RangeError when it is neither.
   */
  crash({ lost = this.disk.unsyncedBatches }: { readonly lost?: number } = {}): void {
    this.#requireOpen()
    if (!Number.isInteger(lost) || lost < 0 || lost > this.disk.unsyncedBatches) {
      throw new RangeError(`a crash can lose 0 to ${this.disk.unsyncedBatches} batches, got ${lost}`)
    }
    this.disk.lose(lost)
    // What the crash spared is on the disk: the next crash cannot take it.
    this.disk.sync()
    this.#end()
  }

  #end(): void {
    if (this.disk.holder === this) this.disk.holder = undefined
    this.#state = 'closed'
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw notOpen()
  }
}

function notOpen(): StoreError {
  return new StoreError('closed', 'the store is not open')
}

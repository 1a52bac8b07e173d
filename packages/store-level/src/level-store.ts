import { type KeyRange, type Metrics, type Store, StoreError, type StoreOp, type Table } from '@rollcall/core'
import { GroupCommit } from './group-commit.ts'
import { callerKey, plainBytes, storedKey, storedRange, tableOf, toLevelOp, WHOLE_RANGE } from './keys.ts'
import { LevelDisk } from './level-disk.ts'
import { toStoreError } from './level-errors.ts'

export interface LevelStoreInit {
  /** The folder of the store, absolute or relative to the working directory. Created if absent. One process at a time. */
  readonly location: string
  /**
   * Receives `store_write_seconds{durable}` (from the call of `write` to its success, waiting included),
   * `queue_length{queue="store"}` and `dropped_total{queue="store"}`. Default: none.
   */
  readonly metrics?: Metrics
}

interface Opened {
  readonly disk: LevelDisk
  readonly commits: GroupCommit
}

/**
 * The store port on LevelDB. Concurrent durable writes share one sync (group-commit.ts); a failed write is followed by
 * a repair (level-disk.ts); tables are key ranges (keys.ts).
 *
 * In the table `meta` the key `schema_version` is the store's own (migrations.ts): callers leave it alone.
 *
 * An instance is opened and closed once; to open the folder again, make another. The arrays given to `write` belong to
 * the store until its promise settles.
 */
export class LevelStore implements Store {
  readonly #location: string
  readonly #metrics: Metrics | undefined
  #opened: Opened | undefined
  #opening: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(init: LevelStoreInit) {
    this.#location = init.location
    this.#metrics = init.metrics
  }

  /**
   * May be tried again after a failure.
   * @throws StoreError as the port says; also `unavailable` when the folder cannot be used (permissions, a full disk).
   */
  async open(): Promise<void> {
    if (this.#closing !== undefined) throw notOpen()
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    await this.#opening
  }

  /** @throws StoreError `corrupt`, `unavailable` or `closed`. */
  async get(table: Table, key: Uint8Array): Promise<Uint8Array | undefined> {
    const { disk } = this.#use()
    try {
      const value = await disk.get(storedKey(table, key))
      return value === undefined ? undefined : plainBytes(value)
    } catch (error) {
      throw this.#readError(error)
    }
  }

  /**
   * The pairs as they were when the first was asked for; later writes do not show. An iteration that is given up without
   * `return` (a `for await` calls it) holds its snapshot until the store closes.
   * @throws StoreError `corrupt`, `unavailable` or `closed`; RangeError when `limit` is not a non-negative integer.
   */
  async *scan(table: Table, range: KeyRange = {}): AsyncGenerator<readonly [key: Uint8Array, value: Uint8Array]> {
    const { disk } = this.#use()
    const levelRange = storedRange(table, range)
    try {
      for await (const chunk of disk.chunks(levelRange)) {
        for (const [key, value] of chunk) {
          this.#use()
          yield [callerKey(key), plainBytes(value)]
        }
      }
    } catch (error) {
      throw this.#readError(error)
    }
  }

  /**
   * Every pair of every table as they all were at one moment, in ascending order of table number and key: a copy of the
   * store, whatever is written meanwhile. Includes the schema version, so that a copy is migrated where it is opened.
   * @throws StoreError `corrupt`, `unavailable` or `closed`.
   */
  async *snapshot(): AsyncGenerator<readonly [table: Table, key: Uint8Array, value: Uint8Array]> {
    const { disk } = this.#use()
    try {
      for await (const chunk of disk.chunks(WHOLE_RANGE)) {
        for (const [stored, value] of chunk) {
          this.#use()
          yield [tableOf(stored), callerKey(stored), plainBytes(value)]
        }
      }
    } catch (error) {
      throw this.#readError(error)
    }
  }

  /** @throws StoreError `unavailable` when the disk refuses or too much is waiting for it, `closed`. */
  async write(batch: readonly StoreOp[], options: { readonly durable: boolean }): Promise<void> {
    const { commits } = this.#use()
    const startMs = performance.now()
    await commits.push(batch.map(toLevelOp), options.durable)
    const seconds = (performance.now() - startMs) / 1000
    this.#metrics?.observe('store_write_seconds', seconds, { durable: String(options.durable) })
  }

  /** Lets the writes called before it finish. @throws StoreError `unavailable` when the last sync fails; it is closed then. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #open(): Promise<void> {
    if (this.#opened !== undefined) return
    const disk = await LevelDisk.open(this.#location)
    this.#opened = { disk, commits: new GroupCommit(disk, this.#metrics) }
  }

  async #close(): Promise<void> {
    // A failure to open is told to whoever called open; here it only means that there is nothing to close.
    await Promise.allSettled([this.#opening])
    if (this.#opened === undefined) return
    await this.#opened.commits.idle()
    await this.#opened.disk.close()
  }

  #use(): Opened {
    if (this.#opened === undefined || this.#closing !== undefined) throw notOpen()
    return this.#opened
  }

  /** What a read that was under way when the store closed ran into is not the disk's fault. */
  #readError(error: unknown): unknown {
    if (this.#closing !== undefined) return notOpen()
    return toStoreError(error, `cannot read the store in ${this.#location}`)
  }
}

function notOpen(): StoreError {
  return new StoreError('closed', 'the store is not open')
}

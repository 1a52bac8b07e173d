/**
 * One folder with a LevelDB in it, made safe to write to after a failure.
 *
 * After a write that failed, LevelDB must not be written to again as it stands. If the disk took a part of the record
 * (it was full), later records follow the torn one in the log; LevelDB acknowledges them, and at the next opening drops
 * them with the rest of their block: acknowledged writes, gone. If the sync failed, it refuses all writes until
 * reopened, and the refused batch may then appear. Both were seen or read in leveldb 1.20, which classic-level 3 has.
 *
 * So a failure marks the disk. The next write first repairs it: it notes what the failed batch would have replaced,
 * opens LevelDB anew (which moves the sound part of the log into a synced table) and puts those values back. A batch
 * that was refused thus stays refused; only a process that dies between the failure and the repair may find it applied.
 * Until the repair, reads go on and see the state before the failure.
 */
import { StoreError } from '@rollcall/core'
import { SCAN_CHUNK_BYTES, SCAN_CHUNK_PAIRS } from './constants.ts'
import type { CommitTarget } from './group-commit.ts'
import { toStoreError } from './level-errors.ts'
import type { ByteLevel, LevelOp, LevelRange } from './level-types.ts'
import { migrate } from './migrations.ts'
import { openLevel } from './open-level.ts'
import { syncLogs } from './sync-logs.ts'

interface Failure {
  /** What was refused. Empty when only a sync failed. */
  readonly ops: readonly LevelOp[]
  /** The values before it, once they were read. */
  undo: readonly LevelOp[] | undefined
}

export class LevelDisk implements CommitTarget {
  readonly #location: string
  #db: ByteLevel
  #failure: Failure | undefined

  private constructor(location: string, db: ByteLevel) {
    this.#location = location
    this.#db = db
  }

  /** @throws StoreError `locked`, `corrupt`, `too_new` or `unavailable`. */
  static async open(location: string): Promise<LevelDisk> {
    const db = await openLevel(location)
    try {
      await migrate(db)
    } catch (error) {
      await db.close()
      throw toStoreError(error, `cannot open the store in ${location}`)
    }
    return new LevelDisk(location, db)
  }

  /** @throws StoreError `unavailable`. */
  async commit(ops: readonly LevelOp[], options: { readonly sync: boolean }): Promise<void> {
    await this.#guard(ops, () => this.#db.batch([...ops], options))
  }

  /** @throws StoreError `unavailable`. */
  async sync(): Promise<void> {
    await this.#guard([], () => syncLogs(this.#location))
  }

  /** The value of one stored key. @throws what LevelDB throws. */
  async get(key: Uint8Array): Promise<Uint8Array | undefined> {
    return this.#db.get(key)
  }

  /** The pairs of a range in bounded chunks, as they were when the first was asked for. @throws what LevelDB throws. */
  async *chunks(range: LevelRange): AsyncGenerator<readonly (readonly [Uint8Array, Uint8Array])[]> {
    const iterator = this.#db.iterator({ ...range, highWaterMarkBytes: SCAN_CHUNK_BYTES })
    try {
      for (;;) {
        const chunk = await iterator.nextv(SCAN_CHUNK_PAIRS)
        if (chunk.length === 0) return
        yield chunk
      }
    } finally {
      await iterator.close()
    }
  }

  /** Syncs what was written and closes, even when the sync fails. @throws StoreError `unavailable`. */
  async close(): Promise<void> {
    try {
      await this.sync()
    } finally {
      await this.#db.close()
    }
  }

  async #guard(ops: readonly LevelOp[], write: () => Promise<void>): Promise<void> {
    try {
      if (this.#failure !== undefined) await this.#repair(this.#failure)
      this.#failure = { ops, undo: undefined }
      await write()
      this.#failure = undefined
    } catch (error) {
      const cause = toStoreError(error, `cannot write to the store in ${this.#location}`)
      throw new StoreError('unavailable', cause.message, { cause: error })
    }
  }

  /** May fail at any step; the next write starts over from there. */
  async #repair(failure: Failure): Promise<void> {
    failure.undo ??= await this.#valuesBefore(failure.ops)
    await this.#db.close()
    const reopened = await openLevel(this.#location)
    try {
      await reopened.batch([...failure.undo], { sync: true })
    } catch (error) {
      await reopened.close()
      throw error
    }
    // Readers get the reopened database only now, so none has seen the batch that was refused.
    this.#db = reopened
    this.#failure = undefined
  }

  async #valuesBefore(ops: readonly LevelOp[]): Promise<readonly LevelOp[]> {
    const keys = ops.map(({ key }) => key)
    const values: readonly (Uint8Array | undefined)[] = await this.#db.getMany(keys)
    return keys.map((key, index) => {
      const value = values[index]
      return value === undefined ? { type: 'del', key } : { type: 'put', key, value }
    })
  }
}

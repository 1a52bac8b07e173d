/**
 * Stores of nodes with many entries, written directly: a hundred thousand registrations over HTTP would take minutes. The
 * large one is made once for a version of the code and kept in the temporary folder; each node gets a copy of its own.
 */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { putClock, putEntry, putPresence, type StoreOp } from '@rollcall/core'
import type { EntityRecord, Entry } from '@rollcall/protocol'
import { LevelStore } from '@rollcall/store-level'
import { registered } from './entity.ts'

const DAY_MS = 24 * 3_600_000
const WRITE_MAX = 1_000
const STORE_FOLDER = 'store'

/** When entity number `number` of `count` in the large store was registered: all within a day, a week ago. */
const bornMs = (baseMs: number, number: number, count: number): number => baseMs + Math.floor((number * DAY_MS) / count)

/** Changes with what would make the kept stores differ from those that this code writes. */
const codeVersion = (): string => {
  const hash = createHash('sha256')
  for (const path of ['../../../packages/protocol/src', '../../../packages/store-level/src']) {
    const folder = fileURLToPath(new URL(path, import.meta.url))
    for (const name of readdirSync(folder).sort())
      if (name.endsWith('.ts')) hash.update(readFileSync(join(folder, name)))
  }
  for (const path of ['../../../packages/core/src/rows.ts', 'entity.ts'])
    hash.update(readFileSync(fileURLToPath(new URL(path, import.meta.url))))
  return hash.digest('hex').slice(0, 12)
}

/** Entities numbered from 0, each with its record, on disk in a store that nobody opens again. */
export class LargeStore {
  readonly count: number
  readonly #folder: string
  readonly #baseMs: number

  private constructor(count: number, folder: string, baseMs: number) {
    this.count = count
    this.#folder = folder
    this.#baseMs = baseMs
  }

  static async of(count: number, say: (text: string) => void): Promise<LargeStore> {
    // A fixed time: equal on every machine, and older than anything a bench writes.
    const baseMs = Date.UTC(2026, 0, 1)
    const folder = join(tmpdir(), `rollcall-bench-${codeVersion()}-${count}`)
    const store = new LargeStore(count, folder, baseMs)
    if (existsSync(folder)) return store
    say(`signing ${count} registrations, once`)
    const draft = `${folder}.${process.pid}`
    await writeStore(join(draft, STORE_FOLDER), store.#operations())
    try {
      await rename(draft, folder)
    } catch (error) {
      // Another run was faster, and what it made is the same.
      if (!existsSync(folder)) throw error
      await rm(draft, { recursive: true })
    }
    return store
  }

  record(number: number): EntityRecord {
    return registered(number, bornMs(this.#baseMs, number, this.count))
  }

  /** Copies the store into the data folder of a node, and then writes `changes` into the copy. */
  async copyTo(dataDir: string, changes: Iterable<StoreOp> = []): Promise<void> {
    await mkdir(dataDir, { recursive: true, mode: 0o700 })
    const store = join(dataDir, STORE_FOLDER)
    await cp(join(this.#folder, STORE_FOLDER), store, { recursive: true })
    await writeStore(store, changes)
  }

  *#operations(): Generator<StoreOp> {
    for (let number = 0; number < this.count; number++) {
      const record = this.record(number)
      yield putEntry({ kind: 'record', id: record.id, record, presence: undefined }, record.birth.wallMs)
    }
    yield putClock(this.#baseMs + DAY_MS)
  }
}

/** What a node writes for an entry it has held since it was stamped. */
export const rowsOf = (entry: Entry, heldMs: number): readonly StoreOp[] =>
  entry.kind === 'record' && entry.presence !== undefined
    ? [putEntry(entry, heldMs), putPresence(entry)]
    : [putEntry(entry, heldMs)]

const writeStore = async (location: string, operations: Iterable<StoreOp>): Promise<void> => {
  await mkdir(location, { recursive: true, mode: 0o700 })
  const store = new LevelStore({ location })
  await store.open()
  let batch: StoreOp[] = []
  const write = async (): Promise<void> => {
    await store.write(batch, { durable: false })
    batch = []
  }
  for (const operation of operations) if (batch.push(operation) >= WRITE_MAX) await write()
  await write()
  await store.close()
}

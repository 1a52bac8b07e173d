import { type KeyRange, type StoreOp, TABLES, type Table } from '@rollcall/core'
import { ByteMap } from './byte-map.ts'

/**
 * What outlives a process: the tables, and how much of them a crash of the machine would take. It belongs to at most
 * one open store at a time.
 *
 * Every batch that no sync covers yet is remembered by its inverse, so losing the newest ones is running inverses.
 */
export class MemoryDisk {
  /** While true the disk takes no write: the store answers `unavailable`. Reads go on. */
  refusesWrites = false
  /** The store that has it open. */
  holder: object | undefined
  readonly #tables = new Map<Table, ByteMap>()
  /** The inverse of each batch since the last durable one, oldest first. */
  #unsynced: (readonly StoreOp[])[] = []

  constructor() {
    for (const table of Object.keys(TABLES)) if (isTable(table)) this.#tables.set(table, new ByteMap())
  }

  /** How many of the newest batches a crash may take. */
  get unsyncedBatches(): number {
    return this.#unsynced.length
  }

  /** A copy of the value of a key, or undefined. */
  get(table: Table, key: Uint8Array): Uint8Array | undefined {
    return this.#table(table).get(key)?.slice()
  }

  /** The pairs of a range as they are now. */
  scan(table: Table, { gte, lt, reverse, limit }: KeyRange): readonly (readonly [Uint8Array, Uint8Array])[] {
    const pairs = this.#table(table).between(gte, lt)
    return (reverse ? pairs.reverse() : pairs).slice(0, limit)
  }

  apply(batch: readonly StoreOp[]): void {
    this.#unsynced.push(batch.map((op) => this.#applyOne(op)).reverse())
  }

  /** Makes everything applied so far safe from crashes. */
  sync(): void {
    this.#unsynced = []
  }

  /** Loses the newest `count` of the unsynced batches. */
  lose(count: number): void {
    for (const inverse of this.#unsynced.splice(this.#unsynced.length - count).reverse()) {
      for (const op of inverse) this.#applyOne(op)
    }
  }

  /** Applies one operation and returns its inverse. */
  #applyOne(op: StoreOp): StoreOp {
    const { table, key } = op
    const rows = this.#table(table)
    const before = rows.get(key)
    if (op.kind === 'put') rows.set(key, op.value.slice())
    else rows.delete(key)
    return before === undefined
      ? { kind: 'del', table, key: key.slice() }
      : { kind: 'put', table, key: key.slice(), value: before }
  }

  #table(table: Table): ByteMap {
    const rows = this.#tables.get(table)
    if (rows === undefined) throw new TypeError(`there is no table ${table}`)
    return rows
  }
}

function isTable(name: string): name is Table {
  return Object.hasOwn(TABLES, name)
}

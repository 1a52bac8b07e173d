/** The store of a test node: batches applied at once, of which a crash takes back those nobody was promised. */
import { type StoreOp, TABLES, type Table } from '@rollcall/core'

type Rows = Map<Table, Map<string, Uint8Array>>

const noRows = (): Rows => new Map((Object.keys(TABLES) as Table[]).map((table) => [table, new Map()]))

export class Disk {
  #synced: Rows = noRows()
  #rows: Rows = noRows()
  #loose: (readonly StoreOp[])[] = []

  /** A durable batch takes all before it along. */
  write(batch: readonly StoreOp[], durable: boolean): void {
    apply(this.#rows, batch)
    this.#loose.push(batch)
    if (!durable) return
    for (const one of this.#loose) apply(this.#synced, one)
    this.#loose = []
  }

  /** Loses the last `lost` batches, or as many of them as were not promised to be durable. */
  crash(lost: number): void {
    const kept = this.#loose.slice(0, Math.max(0, this.#loose.length - lost))
    this.#rows = copy(this.#synced)
    for (const batch of kept) apply(this.#rows, batch)
    this.#synced = copy(this.#rows)
    this.#loose = []
  }

  /** The disk as it is, for a restore later on. */
  copy(): Disk {
    const other = new Disk()
    other.#rows = copy(this.#rows)
    other.#synced = copy(this.#rows)
    return other
  }

  get(table: Table, key: string): Uint8Array | undefined {
    return this.#rows.get(table)?.get(key)
  }

  /** Rows of a table in ascending order of key. */
  scan(table: Table): [string, Uint8Array][] {
    return [...(this.#rows.get(table) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1))
  }
}

/** One character a byte, so that ids read as text and binary keys keep their order. */
const keyOf = (key: Uint8Array): string => Buffer.from(key).toString('latin1')

const copy = (rows: Rows): Rows => new Map([...rows].map(([table, of]) => [table, new Map(of)]))

const apply = (rows: Rows, batch: readonly StoreOp[]): void => {
  for (const op of batch) {
    const key = keyOf(op.key)
    if (op.kind === 'put') rows.get(op.table)?.set(key, op.value)
    else rows.get(op.table)?.delete(key)
  }
}

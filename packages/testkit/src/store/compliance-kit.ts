import type { KeyRange, Store, StoreOp, Table } from '@rollcall/core'

/** A store under test, already open, and what is needed to open it again and to clean up. */
export interface StoreUnderTest {
  readonly store: Store
  /** Closes the store opened last and opens what it left. */
  reopen(): Promise<Store>
  /** Closes the store opened last and removes what it left. */
  dispose(): Promise<void>
}

export type MakeStore = () => Promise<StoreUnderTest>

/** Runs one test body against a fresh store and disposes of it, whatever happens. */
export function withStore(make: MakeStore, body: (store: Store, reopen: () => Promise<Store>) => Promise<void>) {
  return async (): Promise<void> => {
    const subject = await make()
    try {
      await body(subject.store, () => subject.reopen())
    } finally {
      await subject.dispose()
    }
  }
}

/**
 * The tables a compliance test may fill and scan. `meta` is missing: an adapter may keep facts of its own there.
 */
export const FREE_TABLES = ['entry', 'presence', 'beat', 'member', 'audit'] as const satisfies readonly Table[]

export const durable = { durable: true } as const
export const notDurable = { durable: false } as const

/** Bytes from numbers, or from text as UTF-8. */
export function bytes(content: string | readonly number[]): Uint8Array {
  return typeof content === 'string' ? new TextEncoder().encode(content) : Uint8Array.from(content)
}

export function put(table: Table, key: string | readonly number[], value: string | readonly number[] = ''): StoreOp {
  return { kind: 'put', table, key: bytes(key), value: bytes(value) }
}

export function del(table: Table, key: string | readonly number[]): StoreOp {
  return { kind: 'del', table, key: bytes(key) }
}

/** Every pair of a scan, as plain numbers that compare and print well. */
export async function scanAll(store: Store, table: Table, range?: KeyRange): Promise<[number[], number[]][]> {
  const pairs: [number[], number[]][] = []
  for await (const [key, value] of store.scan(table, range)) pairs.push([[...key], [...value]])
  return pairs
}

/** The keys of a scan. */
export async function scanKeys(store: Store, table: Table, range?: KeyRange): Promise<number[][]> {
  return (await scanAll(store, table, range)).map(([key]) => key)
}

/** The value of a key as text. */
export async function getText(store: Store, table: Table, key: string): Promise<string | undefined> {
  const value = await store.get(table, bytes(key))
  return value === undefined ? undefined : new TextDecoder().decode(value)
}

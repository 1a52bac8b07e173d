/**
 * The versions of the store's layout. Each migration is one durable batch that carries the new version number as well,
 * so a crash leaves the store before it or after it.
 *
 * Append only: a migration that shipped is never changed, since stores exist that have already run it.
 */
import { StoreError } from '@rollcall/core'
import { storedKey } from './keys.ts'
import type { ByteLevel, LevelOp } from './level-types.ts'

export interface Migration {
  /** The version it leads to: one above the one before it. */
  readonly version: number
  readonly what: string
  /** The operations that turn the layout before into this one. It reads `db` and writes nothing itself. */
  readonly run: (db: ByteLevel) => Promise<readonly LevelOp[]>
}

export const MIGRATIONS: readonly Migration[] = [
  { version: 1, what: 'The first layout: an empty store becomes one of version 1.', run: async () => [] },
]

const VERSION_KEY = storedKey('meta', new TextEncoder().encode('schema_version'))

/**
 * Brings a store to the newest version.
 * @throws StoreError `too_new` when its version is above the newest known, `corrupt` when it tells no version.
 */
export async function migrate(db: ByteLevel, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const newest = migrations.at(-1)?.version ?? 0
  const found = await readVersion(db)
  if (found > newest) {
    throw new StoreError('too_new', `the store has schema version ${found}; this software knows up to ${newest}`)
  }
  for (const migration of migrations.filter(({ version }) => version > found)) {
    const ops = await migration.run(db)
    await db.batch([...ops, { type: 'put', key: VERSION_KEY, value: encodeVersion(migration.version) }], { sync: true })
  }
}

/** The version of a store: a decimal number in ASCII; 0 for one that is still empty. */
async function readVersion(db: ByteLevel): Promise<number> {
  const stored: Uint8Array | undefined = await db.get(VERSION_KEY)
  if (stored === undefined) {
    const [first] = await db.keys({ limit: 1 }).all()
    if (first === undefined) return 0
    throw new StoreError('corrupt', 'the store has entries but no schema version: it may belong to other software')
  }
  const text = new TextDecoder().decode(stored)
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new StoreError('corrupt', 'the schema version of the store is unreadable')
  return Number(text)
}

function encodeVersion(version: number): Uint8Array {
  return new TextEncoder().encode(String(version))
}

/**
 * A node's data folder from a backup.
 *
 * The file is read twice: the first time only to know that it is whole. The store is then built beside the place it is for,
 * and moved there at the end, the key before it: a crash leaves a folder without a store, into which the same backup may be
 * restored again.
 *
 * An old copy revives nothing: to the other nodes this is a node that was away (T2, T3), and whatever ended meanwhile ends
 * here with the first sync. What the copy does not know of its own audit chain, its peers do: they will say that the tail is
 * missing, and it is (A1).
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoreOp } from '@rollcall/core'
import { LevelStore } from '@rollcall/store-level'
import { KEY_FILE } from '../key.ts'
import { BackupError } from './backup-error.ts'
import { type BackupSummary, inspectBackup, partsOf } from './inspect-backup.ts'
import { openStopped } from './open-stopped.ts'
import { syncFolder, writeWhole } from './write-file.ts'

const OWNER_ONLY_FOLDER = 0o700
const BATCH_OPS = 1_000
/** What file systems and earlier attempts leave behind. */
const IGNORED = /^(?:lost\+found|\.restore-[0-9a-f]+|before-restore-[\w-]+)$/

export interface RestoreSummary extends BackupSummary {
  /** Where what was there before lies now; undefined where nothing was. */
  readonly movedTo: string | undefined
}

/**
 * Restores the backup in `file` into `dataDir`, which must be empty. With `replace` what is there is moved aside, never
 * deleted. @throws BackupError in all its kinds.
 */
export const restoreBackup = async (
  file: string,
  dataDir: string,
  options: { readonly replace: boolean },
): Promise<RestoreSummary> => {
  const summary = await inspectBackup(file)
  await mkdir(dataDir, { recursive: true, mode: OWNER_ONLY_FOLDER })
  if (existsSync(join(dataDir, 'store', 'CURRENT'))) await (await openStopped(dataDir)).close()
  const seed = await keyOf(file)
  const present = (await readdir(dataDir)).filter((name) => !IGNORED.test(name))
  const inTheWay = (await hasKey(dataDir, seed)) ? present.filter((name) => name !== KEY_FILE) : present
  if (inTheWay.length > 0 && !options.replace) {
    const message = `${dataDir} is not empty (${inTheWay.slice(0, 3).join(', ')}); name another folder with --data, or have it moved aside with --force`
    throw new BackupError('not_empty', message)
  }
  const draft = join(dataDir, `.restore-${randomBytes(6).toString('hex')}`)
  try {
    await buildStore(file, join(draft, 'store'))
    // Opened as a node would: a copy of a newer schema is refused now, and one of an older is migrated.
    await (await openStopped(draft)).close()
    const movedTo = inTheWay.length === 0 ? undefined : await moveAside(dataDir, inTheWay)
    if (seed !== undefined) await writeWhole(join(dataDir, KEY_FILE), once(seed))
    await rename(join(draft, 'store'), join(dataDir, 'store'))
    await syncFolder(dataDir)
    return { ...summary, movedTo }
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** The key comes right after the header, so the rest is not read. */
const keyOf = async (file: string): Promise<Uint8Array | undefined> => {
  for await (const part of partsOf(file)) {
    if (part.kind === 'key') return part.seed
    if (part.kind === 'pair') return undefined
  }
  return undefined
}

/** Whether the folder has the very key of the backup, or one that stays because the backup has none. */
const hasKey = async (dataDir: string, seed: Uint8Array | undefined): Promise<boolean> => {
  const path = join(dataDir, KEY_FILE)
  return existsSync(path) && (seed === undefined || (await readFile(path)).equals(seed))
}

const buildStore = async (file: string, location: string): Promise<void> => {
  await mkdir(location, { recursive: true, mode: OWNER_ONLY_FOLDER })
  const store = new LevelStore({ location })
  await store.open()
  try {
    let batch: StoreOp[] = []
    for await (const part of partsOf(file)) {
      if (part.kind !== 'pair') continue
      const [table, key, value] = part.pair
      batch.push({ kind: 'put', table, key, value })
      if (batch.length < BATCH_OPS) continue
      await store.write(batch, { durable: false })
      batch = []
    }
    await store.write(batch, { durable: true })
  } finally {
    await store.close()
  }
}

const moveAside = async (dataDir: string, names: readonly string[]): Promise<string> => {
  const aside = join(dataDir, `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`)
  await mkdir(aside, { mode: OWNER_ONLY_FOLDER })
  for (const name of names) await rename(join(dataDir, name), join(aside, name))
  return aside
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

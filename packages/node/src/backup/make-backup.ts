/** A copy of what a stopped node has on disk, in one file. */
import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LevelStore } from '@rollcall/store-level'
import { KEY_FILE, loadNodeKey } from '../key.ts'
import { BackupError } from './backup-error.ts'
import { backupHeader, encodeBackup, type Pair } from './format.ts'
import { type BackupSummary, inspectBackup } from './inspect-backup.ts'
import { openStopped } from './open-stopped.ts'
import { writeWhole } from './write-file.ts'

/**
 * Writes store and key of the node in `dataDir` to `file`, which only its owner may read: with the key in it, the file is
 * the node. The node must be stopped.
 * @throws BackupError `not_found` without a store, `in_use`, `not_empty` where the file exists and `overwrite` is not set.
 */
export const makeBackup = async (
  dataDir: string,
  file: string,
  options: { readonly overwrite: boolean },
): Promise<BackupSummary> => {
  if (!options.overwrite) refuseExisting(file)
  const location = join(dataDir, 'store')
  if (!existsSync(join(location, 'CURRENT')) || !existsSync(join(dataDir, KEY_FILE))) {
    throw new BackupError('not_found', `there is no node in ${dataDir}: it has no store and key`)
  }
  const store = await openStopped(dataDir)
  try {
    const { seed, nodeId } = await loadNodeKey(dataDir)
    const counted = new Counted(store)
    const header = backupHeader(nodeId)
    const bytes = await writeWhole(file, encodeBackup({ header, key: seed, pairs: counted.pairs() }))
    return { nodeId, madeAt: header.madeAt, hasKey: true, rows: counted.rows, bytes }
  } finally {
    await store.close()
  }
}

/** Keeps a backup that came from elsewhere, once it was found whole. @throws BackupError `damaged`, `too_new`, `not_empty`. */
export const saveBackup = async (
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  options: { readonly overwrite: boolean },
): Promise<BackupSummary> => {
  if (!options.overwrite) refuseExisting(file)
  const draft = `${file}.${process.pid}.unverified`
  try {
    await writeWhole(draft, chunks)
    const summary = await inspectBackup(draft)
    await rename(draft, file)
    return summary
  } finally {
    await rm(draft, { force: true })
  }
}

const refuseExisting = (file: string): void => {
  if (!existsSync(file)) return
  throw new BackupError('not_empty', `${file} exists; name another file, or overwrite it with --force`)
}

class Counted {
  readonly #store: LevelStore
  rows = 0

  constructor(store: LevelStore) {
    this.#store = store
  }

  async *pairs(): AsyncGenerator<Pair> {
    for await (const pair of this.#store.snapshot()) {
      this.rows++
      yield pair
    }
  }
}

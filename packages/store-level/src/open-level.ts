import { readdir } from 'node:fs/promises'
import { StoreError } from '@rollcall/core'
import { Level } from 'level'
import { isSystemError, toStoreError } from './level-errors.ts'
import type { ByteLevel } from './level-types.ts'

/**
 * Opens the LevelDB in a folder, creating both if absent.
 * @throws StoreError `locked`, `corrupt`, or `unavailable` when the folder cannot be used at all.
 */
export async function openLevel(location: string): Promise<ByteLevel> {
  try {
    await refuseHeadless(location)
    const db: ByteLevel = new Level<Uint8Array, Uint8Array>(location, { keyEncoding: 'view', valueEncoding: 'view' })
    await db.open()
    return db
  } catch (error) {
    throw toStoreError(error, `cannot open the store in ${location}`)
  }
}

/**
 * LevelDB takes a folder without the file CURRENT for a new one, starts afresh and deletes the tables it finds. A copy
 * restored in part would be emptied without a word, so data without CURRENT is refused here.
 */
async function refuseHeadless(location: string): Promise<void> {
  const files = await listFiles(location)
  const data = files.find((file) => /^\d+\.(ldb|sst|log)$/.test(file))
  if (data !== undefined && !files.includes('CURRENT')) {
    throw new StoreError('corrupt', `the store in ${location} has data (${data}) but no CURRENT file`)
  }
}

async function listFiles(location: string): Promise<readonly string[]> {
  try {
    return await readdir(location)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return []
    throw error
  }
}

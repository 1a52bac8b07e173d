import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isSystemError } from './level-errors.ts'

/**
 * Makes everything written so far survive a power cut, by syncing the log files of a LevelDB that is not being written.
 *
 * LevelDB offers a sync only together with a write, and then only of the log it is writing: when it moves on to a new
 * log it leaves the old one to the operating system. A log that vanishes meanwhile was turned into a table, which
 * LevelDB has synced.
 *
 * @throws the error of the operating system when a file cannot be synced.
 */
export async function syncLogs(location: string): Promise<void> {
  const logs = (await readdir(location)).filter((file) => /^\d+\.log$/.test(file))
  for (const log of logs) await syncFile(join(location, log))
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+').catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  })
  if (file === undefined) return
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

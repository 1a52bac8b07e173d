/** A file that is there as a whole or not at all, readable by its owner only. */
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

const OWNER_ONLY = 0o600

/** Replaces `path`. Resolves with the bytes written, once they would survive a power cut. */
export const writeWhole = async (path: string, chunks: AsyncIterable<Uint8Array>): Promise<number> => {
  const draft = `${path}.${process.pid}.part`
  const file = await open(draft, 'wx', OWNER_ONLY)
  try {
    let bytes = 0
    try {
      for await (const chunk of chunks) bytes += (await file.write(chunk)).bytesWritten
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(draft, path)
    await syncFolder(dirname(path))
    return bytes
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}

/** Makes renames in a folder survive a power cut. */
export const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

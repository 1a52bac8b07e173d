import { createReadStream, existsSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { BackupError } from './backup-error.ts'
import { type BackupHeader, type BackupPart, decodeBackup } from './format.ts'

export interface BackupSummary {
  readonly nodeId: string
  readonly madeAt: string
  readonly hasKey: boolean
  /** Rows of the store. */
  readonly rows: number
  readonly bytes: number
}

/** What a backup holds, once all of it was found whole. @throws BackupError `not_found`, `damaged`, `too_new`. */
export const inspectBackup = async (file: string): Promise<BackupSummary> => {
  let header: BackupHeader | undefined
  let hasKey = false
  let rows = 0
  for await (const part of partsOf(file)) {
    if (part.kind === 'header') header = part.header
    else if (part.kind === 'key') hasKey = true
    else rows++
  }
  if (header === undefined) throw new BackupError('damaged', 'the backup cannot be used: it has no header')
  const { nodeId, madeAt } = header
  return { nodeId, madeAt, hasKey, rows, bytes: (await stat(file)).size }
}

/** @throws BackupError as it is read. */
export const partsOf = (file: string): AsyncGenerator<BackupPart> => {
  if (!existsSync(file)) throw new BackupError('not_found', `there is no file ${file}`)
  return decodeBackup(createReadStream(file))
}

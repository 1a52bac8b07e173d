/** Failures of backup and restore as exit codes. */
import { CommandError, EXIT } from './failure.ts'

const EXITS = {
  not_found: EXIT.notFound,
  in_use: EXIT.refused,
  not_empty: EXIT.refused,
  damaged: EXIT.failed,
  too_new: EXIT.refused,
} as const

/** Runs `work`; what it says of a backup is told as a failure of the command. The node package loads with it. */
export const withBackups = async <T>(work: (node: typeof import('@rollcall/node')) => Promise<T>): Promise<T> => {
  const node = await import('@rollcall/node')
  try {
    return await work(node)
  } catch (error) {
    if (!(error instanceof node.BackupError)) throw error
    const { code, message } = error
    throw new CommandError({ code, exit: EXITS[code], message, cause: error })
  }
}

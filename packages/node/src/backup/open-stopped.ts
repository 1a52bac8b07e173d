import { join } from 'node:path'
import { StoreError } from '@rollcall/core'
import { LevelStore } from '@rollcall/store-level'
import { BackupError } from './backup-error.ts'

/** The store of a node that does not run, open. @throws BackupError `in_use` where it does, `damaged`, `too_new`. */
export const openStopped = async (dataDir: string): Promise<LevelStore> => {
  const store = new LevelStore({ location: join(dataDir, 'store') })
  try {
    await store.open()
    return store
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    if (error.code === 'locked') {
      const message = `a node runs on ${dataDir} and holds its store; stop it first`
      throw new BackupError('in_use', message, { cause: error })
    }
    if (error.code === 'corrupt' || error.code === 'too_new') {
      const code = error.code === 'corrupt' ? 'damaged' : 'too_new'
      throw new BackupError(code, `the store in ${dataDir} cannot be opened: ${error.message}`, { cause: error })
    }
    throw error
  }
}

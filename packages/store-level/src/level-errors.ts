import { StoreError } from '@rollcall/core'

/** The codes of classic-level that mean more than "it did not work". */
const MEANINGS: ReadonlyMap<string, StoreError['code']> = new Map([
  ['LEVEL_LOCKED', 'locked'],
  ['LEVEL_CORRUPTION', 'corrupt'],
])

/**
 * What LevelDB said, in the words of the store port. The code may sit on a cause: abstract-level wraps what went wrong
 * at opening. Whatever has no meaning of its own is `unavailable`, with the original as cause.
 */
export function toStoreError(error: unknown, what: string): StoreError {
  if (error instanceof StoreError) return error
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const code = 'code' in cause && typeof cause.code === 'string' ? MEANINGS.get(cause.code) : undefined
    if (code !== undefined) return new StoreError(code, `${what}: ${cause.message}`, { cause: error })
  }
  return new StoreError('unavailable', `${what}: ${innermostMessage(error)}`, { cause: error })
}

/** True for the errors of Node's file functions with this code, such as ENOENT. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function innermostMessage(error: unknown): string {
  let message = String(error)
  for (let cause = error; cause instanceof Error; cause = cause.cause) message = cause.message
  return message
}

import type { Result } from '@rollcall/protocol'

/** The value of a result that a test counts on; its failure ends the test with code and sentence. */
export const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`)
  return result.value
}

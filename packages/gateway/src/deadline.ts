import type { Clock } from '@rollcall/core'
import { fail, type Result } from '@rollcall/protocol'

/** The result of `work`, or `timeout` when it takes longer than `timeoutMs`. What `work` says later goes unheard. */
export const withDeadline = async <T>(
  clock: Clock,
  timeoutMs: number,
  work: Promise<Result<T>>,
): Promise<Result<T>> => {
  let cancel = (): void => {}
  const late = new Promise<Result<T>>((resolve) => {
    cancel = clock.schedule(timeoutMs, () => resolve(fail('timeout', `no answer came within ${timeoutMs} ms`)))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}

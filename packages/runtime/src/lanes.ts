/**
 * Two jobs at a time: while one is under way to a peer, the other is worked on here. More would only pile up at the peer, which
 * works on one at a time itself.
 */

/** Does `work` on each in turn, two at a time. Ends with the first failure. */
export const inLanes = async <T>(jobs: Generator<T>, work: (job: T) => Promise<unknown>): Promise<void> => {
  let failed = false
  const lane = async (): Promise<void> => {
    try {
      for (let job = jobs.next(); job.done !== true && !failed; job = jobs.next()) await work(job.value)
    } catch (error) {
      failed = true
      throw error
    }
  }
  await together([lane(), lane()])
}

/** Waits for all, also where one fails: nothing goes on in the background. Throws the first failure. */
export const together = async (works: readonly Promise<void>[]): Promise<void> => {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason
}

/** A list of checks, one after the other. */

export interface Check {
  readonly name: string
  /** May resolve with a sentence on what it measured. */
  readonly run: () => Promise<unknown>
  /**
   * Whether it sees to it by itself that everything runs before it begins. Where such a check fails, the next is tried all
   * the same; where another one fails, those after it cannot be judged and count as failed, too.
   */
  readonly isAlone?: boolean
}

/**
 * Runs checks in order. `always` runs at the end, also when a signal cut the list short. Prints one line a check, `ok` or
 * `not ok`, and the totals last. How many failed.
 */
export async function runChecks(
  checks: readonly Check[],
  steps: { onFailure: () => Promise<void>; always: () => Promise<void> },
): Promise<number> {
  let cleaning: Promise<boolean> | undefined
  const clean = (): Promise<boolean> => (cleaning ??= attempt('cleaning up', steps.always))
  const interrupt = (signal: NodeJS.Signals): void => {
    console.error(`${signal}: cleaning up …`)
    void clean().then(() => process.exit(1))
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)

  let passed = 0
  let reason: string | undefined
  for (const { name, run, isAlone } of checks) {
    if (cleaning !== undefined) reason = 'interrupted'
    if (reason !== undefined) {
      console.log(`not ok ${name}: not tried, ${reason}`)
      continue
    }
    const startMs = performance.now()
    try {
      const measured = await run()
      passed += 1
      const took = `${((performance.now() - startMs) / 1000).toFixed(1)} s`
      console.log(`ok ${name} (${typeof measured === 'string' ? `${took}: ${measured}` : took})`)
    } catch (error) {
      console.log(`not ok ${name}: ${error instanceof Error ? error.message : String(error)}`)
      if (cleaning === undefined) await attempt('showing the logs', steps.onFailure)
      if (isAlone !== true) reason = 'a check before it failed'
    }
  }
  const isClean = await clean()
  const failed = checks.length - passed + (isClean ? 0 : 1)
  console.log(`tests: ${passed} passed, ${failed} failed, 0 skipped`)
  return failed
}

async function attempt(what: string, run: () => Promise<void>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    console.log(`not ok ${what}: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

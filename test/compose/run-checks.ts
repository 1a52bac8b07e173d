/** A list of checks, each built on those before it. */

export type Check = { name: string; run: () => Promise<void> }

/**
 * Runs checks until one fails; the rest cannot be judged then and counts as failed too. `always` runs at the end, also
 * when a signal cut the list short. Prints one line a check and the totals last. How many failed.
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
  for (const { name, run } of checks) {
    const startMs = performance.now()
    try {
      await run()
      passed += 1
      console.log(`✔ ${name} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`)
    } catch (error) {
      console.log(`✖ ${name}: ${error instanceof Error ? error.message : String(error)}`)
      await attempt('showing the logs', steps.onFailure)
      break
    }
  }
  const isClean = await clean()
  const failed = checks.length - passed + (isClean ? 0 : 1)
  for (const { name } of checks.slice(passed + 1)) console.log(`✖ ${name}: not tried, a check before it failed`)
  console.log(`tests: ${passed} passed, ${failed} failed, 0 skipped`)
  return failed
}

async function attempt(what: string, run: () => Promise<void>): Promise<boolean> {
  try {
    await run()
    return true
  } catch (error) {
    console.log(`✖ ${what}: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

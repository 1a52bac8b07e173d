/** The totals of a test run: what scripts/test-reporter.mjs writes, how passes add up, and when a run is good. */

/** `failures` are the titles of what failed, each with its file and why, `emptyFiles` the test files that ended without having run a test. */
export type Totals = { passed: number; failed: number; skipped: number; failures: string[]; emptyFiles: string[] }

export function noTotals(): Totals {
  return { passed: 0, failed: 0, skipped: 0, failures: [], emptyFiles: [] }
}

export function addTotals(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
    failures: [...a.failures, ...b.failures],
    emptyFiles: [...a.emptyFiles, ...b.emptyFiles],
  }
}

/** Prints what went wrong and, last, the totals; true when the run is good. A run of no tests is not. */
export function conclude(totals: Totals, failedChecks: readonly string[], print: (line: string) => void): boolean {
  const faults = [
    ...failedChecks.map((name) => `failed check: ${name}`),
    ...totals.failures.map((title) => `failed test: ${title}`),
    ...totals.emptyFiles.map((path) => `no test in: ${path}`),
    ...(totals.passed + totals.failed === 0 ? ['no test ran'] : []),
  ]
  for (const fault of faults) print(fault)
  print(`tests: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
  return faults.length === 0 && totals.failed === 0
}

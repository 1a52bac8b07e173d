/**
 * A reporter for `node --test` that counts what really ran and writes it as one JSON object: `Totals` of test-totals.ts.
 *
 * Node's own totals cannot be used: there a file that runs no test at all counts as one passed test. Plain JavaScript,
 * because Node 20 loads its reporters before it can read TypeScript.
 */

import { relative, resolve } from 'node:path'

/** Adds one event of the runner to the totals. A suite counts only when it fails by itself, as with a broken hook. */
function count(totals, { type, data }) {
  if (type !== 'test:pass' && type !== 'test:fail') return
  const isFile = data.nesting === 0 && resolve(data.name) === data.file
  if (data.skip !== undefined || data.todo !== undefined) totals.skipped += 1
  else if (type === 'test:fail') {
    if (data.details.type === 'suite' && data.details.error.failureType === 'subtestsFailed') return
    totals.failed += 1
    totals.failures.push(
      isFile ? relative('.', data.file) : `${data.name} (${relative('.', data.file ?? 'unknown file')})`,
    )
  } else if (isFile) totals.emptyFiles.push(relative('.', data.file))
  else if (data.details.type !== 'suite') totals.passed += 1
}

export default async function* report(events) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [], emptyFiles: [] }
  for await (const event of events) count(totals, event)
  yield JSON.stringify(totals)
}

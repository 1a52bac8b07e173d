/**
 * A reporter for `node --test` that counts what really ran and writes it as one JSON object: `Totals` of test-totals.ts.
 *
 * Node's own totals cannot be used: there a file that runs no test at all counts as one passed test. Plain JavaScript,
 * because Node 20 loads its reporters before it can read TypeScript.
 */

import { relative, resolve } from 'node:path'

const REASON_MAX = 400

/** Why a test failed, on one line: the totals stand last, where a log that was cut still shows them. */
function reasonOf({ cause, message }) {
  const text = String(cause?.message ?? message).replace(/\s+/g, ' ')
  return text.length > REASON_MAX ? `${text.slice(0, REASON_MAX)}…` : text
}

/** Adds one event of the runner to the totals. A suite counts only when it fails by itself, as with a broken hook. */
function count(totals, { type, data }) {
  if (type !== 'test:pass' && type !== 'test:fail') return
  const isFile = data.nesting === 0 && resolve(data.name) === data.file
  if (data.skip !== undefined || data.todo !== undefined) totals.skipped += 1
  else if (type === 'test:fail') {
    if (data.details.type === 'suite' && data.details.error.failureType === 'subtestsFailed') return
    totals.failed += 1
    const path = relative('.', data.file ?? 'unknown file')
    totals.failures.push(`${isFile ? path : `${data.name} (${path})`}: ${reasonOf(data.details.error)}`)
  } else if (isFile) totals.emptyFiles.push(relative('.', data.file))
  else if (data.details.type !== 'suite') totals.passed += 1
}

export default async function* report(events) {
  const totals = { passed: 0, failed: 0, skipped: 0, failures: [], emptyFiles: [] }
  for await (const event of events) count(totals, event)
  yield JSON.stringify(totals)
}

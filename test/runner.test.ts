/** `npm test` must not report success about tests that did not run. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { repoRoot } from '../scripts/repo.ts'
import { isTestFile, kindOf } from '../scripts/test.ts'
import { conclude, noTotals, type Totals } from '../scripts/test-totals.ts'

const folder = mkdtempSync(join(tmpdir(), 'rollcall-runner-'))
after(() => rmSync(folder, { recursive: true }))

/** What the reporter counts when Node's own runner runs one file with this content. */
function totalsOf(name: string, content: string): Totals {
  const file = join(folder, name)
  const totals = join(folder, 'totals.json')
  writeFileSync(file, `import { before, describe, test } from 'node:test'\n${content}`)
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const reporter = pathToFileURL(join(repoRoot, 'scripts/test-reporter.mjs'))
  const reporting = [`--test-reporter=${reporter}`, `--test-reporter-destination=${totals}`]
  const done = spawnSync(process.execPath, ['--test', ...reporting, file], { env })
  assert.equal(done.stderr.toString(), '')
  return JSON.parse(readFileSync(totals, 'utf8'))
}

test('passed, failed and skipped tests are counted, suites are not; a failure says why', () => {
  const totals = totalsOf(
    'mixed.test.mjs',
    `describe('a', () => { test('b', () => {}); test('c', () => { throw new Error('no,\\n not so') }) })
     test('d', { skip: 'later' }, () => {})
     test('e', async (t) => { await t.test('f', () => {}) })`,
  )
  assert.deepEqual(
    { ...totals, failures: totals.failures.length },
    { ...noTotals(), passed: 3, failed: 1, skipped: 1, failures: 1 },
  )
  assert.match(totals.failures.join(), /^c \(.*mixed.test.mjs\): no, not so$/)
})

test('a file without tests, one that cannot be loaded and a broken hook are noticed', () => {
  assert.equal(totalsOf('empty.test.mjs', '').emptyFiles.length, 1)
  assert.equal(totalsOf('broken.test.mjs', "throw new Error('no')").failed, 1)
  const hook = "describe('a', () => { before(() => { throw new Error('no') }); test('b', () => {}) })"
  assert.match(totalsOf('hook.test.mjs', hook).failures.join(), /^b .*a /)
})

test('the last line holds the totals, and only a run with tests and without faults is good', () => {
  const conclusionOf = (totals: Partial<Totals>, failedChecks: string[] = []): { good: boolean; lines: string[] } => {
    const lines: string[] = []
    const good = conclude({ ...noTotals(), ...totals }, failedChecks, (line) => lines.push(line))
    return { good, lines }
  }
  assert.deepEqual(conclusionOf({ passed: 3, skipped: 1 }), {
    good: true,
    lines: ['tests: 3 passed, 0 failed, 1 skipped'],
  })
  assert.deepEqual(conclusionOf({}), { good: false, lines: ['no test ran', 'tests: 0 passed, 0 failed, 0 skipped'] })
  assert.equal(conclusionOf({ skipped: 5 }).good, false)
  assert.equal(conclusionOf({ passed: 1, failed: 1 }).good, false)
  assert.equal(conclusionOf({ passed: 1, emptyFiles: ['a.test.ts'] }).good, false)
  assert.equal(conclusionOf({ passed: 1 }, ['types']).good, false)
})

test('test files are those of the packages and of test/, without the container tests and the benchmarks', () => {
  const files = [
    'packages/core/test/a.test.ts',
    'packages/core/test/deep/a.test.ts',
    'test/a.test.ts',
    'test/e2e/a.test.ts',
    'test/zynd/a.test.ts',
  ]
  const others = [
    'test/compose/a.test.ts',
    'test/bench/a.test.ts',
    'packages/core/src/a.test.ts',
    'test/a.ts',
    'scripts/test.ts',
  ]
  assert.deepEqual(files.concat(others).filter(isTestFile), files)
  assert.deepEqual(files.map(kindOf), ['test', 'test', 'test', 'e2e', 'zynd'])
})

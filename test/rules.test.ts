/** The script that ties SPEC.md to the tests must notice each way in which they can come apart. No real rule begins with Q. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, mayCite, readCitations, readRules } from '../scripts/rules.ts'

const spec = [
  '# Specification',
  '## Q. Quiet',
  '- **Q1** One thing holds.',
  '  It goes on. *Not yet built*: the rest.',
  '- **Q1a** Another holds.',
  '### Q2 A rule as a heading',
  'Its text.',
  '## Notes',
  '*not yet built* here concerns no rule.',
].join('\n')

const rules = readRules(spec)
const cite = (...titles: string[]): ReturnType<typeof readCitations> =>
  readCitations([{ path: 'a.test.ts', text: titles.map((title) => `test('${title}', () => {})`).join('\n') }])

test('rules are read from list items and headings, with what is not yet built', () => {
  assert.deepEqual(rules, [
    { id: 'Q1', built: false },
    { id: 'Q1a', built: true },
    { id: 'Q2', built: true },
  ])
})

test('an id counts in the title of a test, a suite or a subtest, and nowhere else', () => {
  const text = [
    "test('Q1: a', () => {})",
    'describe(`Q2, Q1a: b`, () => {})',
    "  await t.test('Q2 d', e)",
    '// Q1 in a comment',
    "assert.equal(a, 'Q1')",
    "test('SQ1, Q1x2 and a-Q2 are other words')",
  ].join('\n')
  const found = readCitations([{ path: 'a.test.ts', text }]).map(({ id, line }) => `${id}@${line}`)
  assert.deepEqual(found, ['Q1@1', 'Q2@2', 'Q1a@2', 'Q2@3'])
})

test('specification and tests that agree have no faults', () => {
  assert.deepEqual(judge(rules, cite('Q1a: a', 'Q2: b', 'V8 is no rule')), [])
})

test('a built rule without a test, an unknown id and a rule written twice are faults', () => {
  assert.match(judge(rules, cite('Q1a: a')).join(), /no test cites rule Q2/)
  assert.match(judge(rules, cite('Q1a: a', 'Q2: b', 'Q9: c')).join(), /a\.test\.ts:3: a title cites Q9/)
  assert.match(judge(readRules(`${spec}\n- **Q2** again`), cite('Q1a', 'Q2')).join(), /Q2 is written twice/)
})

test('compliance suites of the testkit cite rules as test files do', () => {
  assert.ok(mayCite('packages/core/test/step.test.ts'))
  assert.ok(mayCite('packages/testkit/src/store-suite.ts'))
  assert.ok(!mayCite('packages/core/src/step.ts'))
})

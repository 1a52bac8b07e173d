/** A check that cannot fire protects nothing: every checker sees the rule it guards broken on purpose. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CHECKERS, catchMutation, loadHasher, MUTATIONS, type Mutation } from '@rollcall/simulator'

const hasher = await loadHasher()

for (const mutation of MUTATIONS) {
  test(`${mutation.caughtBy} sees the mutation "${mutation.name}"`, async () => {
    const caught = await catchMutation(mutation, hasher)
    assert.ok(caught?.failure !== undefined, `survived: ${mutation.breaks}`)
  })
}

test('every checker has a mutation that it must see, and every mutation a checker', () => {
  const caughtBy = new Set(MUTATIONS.map((mutation) => mutation.caughtBy))
  assert.deepEqual([...caughtBy].sort(), CHECKERS.map(({ name }) => name).sort())
})

const rulesOf = ({ caughtBy }: Mutation): string =>
  CHECKERS.find(({ name }) => name === caughtBy)?.rule.match(/^[A-Z]\w*(?:, [A-Z]\w*)*(?=: )/)?.[0] ?? '–'

test('the table in docs/reliability.md lists every mutation with its rules, its checker and its seed', () => {
  const docs = readFileSync(new URL('../../../docs/reliability.md', import.meta.url), 'utf8')
  const cells = docs
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
  const told = cells
    .filter(([, name]) => MUTATIONS.some((mutation) => mutation.name === name))
    .map((row) => row.slice(1, 6))
  const actual = MUTATIONS.map((mutation) => [
    mutation.name,
    mutation.breaks,
    rulesOf(mutation),
    mutation.caughtBy,
    mutation.seed,
  ])
  assert.deepEqual(told, actual)
})

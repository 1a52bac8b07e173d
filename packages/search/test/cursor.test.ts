import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SearchIndex } from '@rollcall/search'
import fc from 'fast-check'
import { documentOf, idOf, queryOf } from './documents.ts'

const indexOfTen = (): SearchIndex => {
  const index = new SearchIndex()
  for (let n = 0; n < 10; n += 1) index.put(documentOf(n, { type: n % 2 === 0 ? 'agent' : 'service' }))
  return index
}

test('F1: a cursor is safe in a URL and of bounded length', () => {
  const words = Array.from({ length: 30 }, (_, i) => `agent word${i}`).join(' ')
  const { nextCursor } = indexOfTen().search(queryOf({ text: words, skills: words.split(' '), limit: 1 }))
  assert.ok(nextCursor !== undefined)
  assert.match(nextCursor, /^[0-9a-z.]{1,400}$/)
})

test('F1: a cursor of another text, of other skills, or of nobody is refused', () => {
  const index = indexOfTen()
  const cursor = index.search(queryOf({ text: 'agent', limit: 1 })).nextCursor ?? ''
  const refused = { hits: [], totalFound: 0, problem: 'cursor_invalid' }
  assert.deepEqual(index.search(queryOf({ text: 'other', cursor })), refused)
  assert.deepEqual(index.search(queryOf({ text: 'agent', skills: ['x'], cursor })), refused)
  assert.deepEqual(index.search(queryOf({ cursor })), refused)
  for (const bad of ['', '1', `${cursor}.1`, cursor.toUpperCase(), `2${cursor.slice(1)}`, 'x'.repeat(10_000)]) {
    assert.deepEqual(index.search(queryOf({ text: 'agent', cursor: bad })), refused, bad)
  }
})

test('F1: no cursor makes search throw', () => {
  const index = indexOfTen()
  const cursor = index.search(queryOf({ text: 'agent', limit: 1 })).nextCursor ?? ''
  const damaged = fc.tuple(fc.nat({ max: cursor.length }), fc.string({ maxLength: 3 }))
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        damaged.map(([at, text]) => cursor.slice(0, at) + text + cursor.slice(at + 1)),
      ),
      (bad) => {
        const { problem, hits } = index.search(queryOf({ text: 'agent', cursor: bad }))
        assert.ok(problem === 'cursor_invalid' || hits.length <= 10)
      },
    ),
    { numRuns: 1000 },
  )
})

test('F1: an offset with a cursor counts from the cursor', () => {
  const index = indexOfTen()
  const first = index.search(queryOf({ text: 'agent', limit: 2 }))
  const { hits } = index.search(queryOf({ text: 'agent', limit: 2, offset: 1, cursor: first.nextCursor ?? '' }))
  assert.deepEqual(
    hits.map((hit) => hit.id),
    [idOf(6), idOf(8)],
  )
})

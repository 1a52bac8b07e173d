import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SearchIndex } from '@rollcall/search'
import fc from 'fast-check'
import { type Change, changes, queries, queryOf, stateAfter } from './documents.ts'
import { searchByHand } from './oracle.ts'

const indexAfter = (history: readonly Change[]): SearchIndex => {
  const index = new SearchIndex()
  for (const change of history) {
    if (change.kind === 'put') index.put(change.document)
    else if (change.kind === 'remove') index.remove(change.id)
    else index.setStatus(change.id, change.status, change.timeMs)
  }
  return index
}

test('F1: the same documents give the same result, whatever the history', () => {
  fc.assert(
    fc.property(
      changes,
      fc.array(queries, { minLength: 1, maxLength: 5 }),
      fc.infiniteStream(fc.nat()),
      (history, asked, random) => {
        const index = indexAfter(history)
        const shuffled = stateAfter(history)
          .map((document) => ({ document, at: random.next().value }))
          .sort((a, b) => a.at - b.at)
        const other = new SearchIndex()
        for (const { document } of shuffled) other.put(document)
        assert.equal(index.size, other.size)
        for (const query of asked) assert.deepEqual(index.search(query), other.search(query))
      },
    ),
    { numRuns: 500 },
  )
})

test('F1: search finds what looking at every document finds, in the same order', () => {
  fc.assert(
    fc.property(changes, fc.array(queries, { minLength: 1, maxLength: 5 }), (history, asked) => {
      const index = indexAfter(history)
      const state = stateAfter(history)
      for (const query of asked) {
        const { hits, totalFound } = index.search(query)
        const expected = searchByHand(state, query)
        assert.equal(totalFound, expected.found)
        assert.deepEqual(
          hits.map(({ id, score }) => ({ id, score })),
          expected.hits,
        )
      }
    }),
    { numRuns: 2000 },
  )
})

test('F4: each change is seen by the next search', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const index = new SearchIndex()
      for (const [i, change] of history.entries()) {
        if (change.kind === 'put') index.put(change.document)
        else if (change.kind === 'remove') index.remove(change.id)
        else index.setStatus(change.id, change.status, change.timeMs)
        const active = stateAfter(history.slice(0, i + 1)).filter((it) => it.status === 'active')
        const { hits } = index.search(queryOf())
        assert.deepEqual(new Set(hits.map((hit) => hit.id)), new Set(active.map((it) => it.id)))
      }
    }),
    { numRuns: 100 },
  )
})

test('F1: following cursors visits every match once, in the order of one long page', () => {
  fc.assert(
    fc.property(changes, queries, fc.integer({ min: 1, max: 4 }), (history, query, limit) => {
      const index = indexAfter(history)
      const whole = index.search({ ...query, limit: 100, offset: 0 }).hits
      const read = []
      let page = index.search({ ...query, limit, offset: 0 })
      read.push(...page.hits)
      while (page.nextCursor !== undefined) {
        page = index.search({ ...query, limit, offset: 0, cursor: page.nextCursor })
        assert.equal(page.problem, undefined)
        assert.equal(page.totalFound, whole.length)
        assert.ok(page.hits.length > 0, 'a cursor promises hits')
        assert.ok(read.length <= whole.length, 'a page does not repeat')
        read.push(...page.hits)
      }
      assert.deepEqual(
        read.map((hit) => hit.id),
        whole.map((hit) => hit.id),
      )
    }),
    { numRuns: 300 },
  )
})

test('F1: a reader who follows cursors misses and repeats nothing while other documents come and go', () => {
  fc.assert(
    fc.property(changes, changes, queries, fc.integer({ min: 1, max: 3 }), (history, meanwhile, query, limit) => {
      // A full name is a lookup while some document bears it and words when none does.
      fc.pre(!query.text.includes('/'))
      const index = indexAfter(history)
      const touched = new Set(meanwhile.map((change) => (change.kind === 'put' ? change.document.id : change.id)))
      const whole = index.search({ ...query, limit: 100, offset: 0 }).hits
      const read = []
      let page = index.search({ ...query, limit, offset: 0 })
      let left = [...meanwhile]
      read.push(...page.hits)
      while (page.nextCursor !== undefined) {
        for (const change of left.slice(0, 5)) {
          if (change.kind === 'put') index.put(change.document)
          else if (change.kind === 'remove') index.remove(change.id)
          else index.setStatus(change.id, change.status, change.timeMs)
        }
        left = left.slice(5)
        page = index.search({ ...query, limit, offset: 0, cursor: page.nextCursor })
        read.push(...page.hits)
        assert.ok(read.length < 100, 'the pages end')
      }
      const untouched = (hits: typeof whole) => hits.map((hit) => hit.id).filter((id) => !touched.has(id))
      assert.deepEqual(untouched(read), untouched(whole))
    }),
    { numRuns: 300 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SearchIndex, filterWords as wordsOfMain } from '@rollcall/search'
import { buildFilter, createHasher, filterWords, mayMatch } from '@rollcall/search/bloom'
import fc from 'fast-check'
import { changes, documentOf, documents, idOf, queries, queryOf, stateAfter } from './documents.ts'

const hasher = await createHasher()

test('F2: the filter’s words are the document’s words and its id', () => {
  const document = documentOf(1, { name: 'Weather Bot', summary: 'weather', fqan: 'zns://Host/a/b', tags: ['A-b'] })
  const words = ['weather', 'bot', 'a', 'b', 'general', idOf(1), 'host/a/b']
  assert.deepEqual(new Set(filterWords(document)), new Set(words))
  assert.equal(wordsOfMain, filterWords)
})

test('F3: what search finds, the filter of the found document never denies', () => {
  fc.assert(
    fc.property(fc.array(documents, { maxLength: 12 }), queries, (indexed, query) => {
      const index = new SearchIndex()
      for (const document of indexed) index.put(document)
      const { hits } = index.search({ ...query, offset: 0, limit: 100 })
      const byId = new Map(indexed.map((document) => [document.id, document]))
      for (const { id } of hits) {
        const document = byId.get(id)
        assert.ok(document)
        const filter = buildFilter(hasher, filterWords(document), 0.01)
        assert.ok(mayMatch(filter, query))
        assert.ok(filter.mayContain(id))
      }
    }),
    { numRuns: 1000 },
  )
})

test('F3: with arbitrary Unicode too, in text and labels, long and short', () => {
  const label = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary', minLength: 250, maxLength: 300 }))
  fc.assert(
    fc.property(label, label, label, (name, category, tag) => {
      const document = documentOf(1, { name, category, tags: ['x', tag] })
      const index = new SearchIndex()
      index.put(document)
      const filter = buildFilter(hasher, filterWords(document), 0.01)
      for (const query of [{ text: name }, { text: '', category }, { text: '', tags: [tag] }, { text: category }]) {
        if (index.search(queryOf(query)).totalFound > 0) assert.ok(mayMatch(filter, query))
      }
      assert.equal(index.search(queryOf({ category, tags: [tag] })).totalFound, 1)
    }),
    { numRuns: 300 },
  )
})

test('F3: a filter without the words rules a node out', () => {
  const document = documentOf(1, { name: 'Weather Bot', category: 'data', tags: ['rain'] })
  const filter = buildFilter(hasher, filterWords(document), 0.000001)
  assert.ok(mayMatch(filter, { text: '' }))
  assert.ok(mayMatch(filter, { text: 'stocks weather' }))
  assert.ok(mayMatch(filter, { text: idOf(1) }))
  assert.ok(!mayMatch(filter, { text: 'stocks' }))
  assert.ok(!mayMatch(filter, { text: idOf(2) }))
  assert.ok(!mayMatch(filter, { text: '?!' }))
  assert.ok(!mayMatch(filter, { text: 'weather', category: 'finance' }))
  assert.ok(!mayMatch(filter, { text: 'weather', tags: ['snow', 'hail'] }))
  assert.ok(mayMatch(filter, { text: 'weather', tags: ['snow', 'rain'] }))
})

test('F2: the index gives the words of the accepted documents, lazily', () => {
  fc.assert(
    fc.property(changes, (history) => {
      const index = new SearchIndex()
      for (const change of history) {
        if (change.kind === 'put') index.put(change.document)
        else if (change.kind === 'remove') index.remove(change.id)
        else index.setStatus(change.id, change.status, change.timeMs)
      }
      const active = stateAfter(history).filter((document) => document.status === 'active')
      const expected = new Set(active.flatMap((document) => [...filterWords(document)]))
      assert.deepEqual(new Set(index.words(({ status }) => status === 'active')), expected)
      assert.deepEqual([...index.words(() => false)], [])
    }),
    { numRuns: 100 },
  )
})

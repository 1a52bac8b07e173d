import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SearchDocument, SearchIndex, type SearchQuery } from '@rollcall/search'
import { documentOf, idOf, queryOf } from './documents.ts'

const indexOf = (...documents: SearchDocument[]): SearchIndex => {
  const index = new SearchIndex()
  for (const document of documents) index.put(document)
  return index
}

const found = (index: SearchIndex, query: Partial<SearchQuery>) =>
  index.search(queryOf(query)).hits.map((hit) => hit.id)

test('F1: text is looked for in name, tags, category, summary and capability words', () => {
  const index = indexOf(
    documentOf(1, { name: 'Weather Bot' }),
    documentOf(2, { tags: ['weather'] }),
    documentOf(3, { category: 'weather' }),
    documentOf(4, { summary: 'Tells the weather.' }),
    documentOf(5, { capabilityWords: ['get_weather'] }),
    documentOf(6, { summary: 'Something else.' }),
  )
  const { hits, totalFound } = index.search(queryOf({ text: 'WEATHER' }))
  assert.equal(totalFound, 5)
  assert.equal(hits[0]?.id, idOf(1), 'a word of the name says most')
  assert.equal(hits.at(-1)?.id, idOf(4), 'a word of the summary says least')
})

test('F1: who matches more of the words ranks higher, whatever the words', () => {
  const common = Array.from({ length: 20 }, (_, i) => documentOf(i + 10, { summary: 'the big apple' }))
  const index = indexOf(documentOf(1, { name: 'xylophone xylophone' }), ...common)
  const ids = found(index, { text: 'the apple xylophone' })
  assert.equal(ids.length, 21)
  assert.equal(ids.at(-1), idOf(1))
})

test('F1: among equals the rare word ranks higher, then the lesser id', () => {
  const index = indexOf(
    documentOf(3, { tags: ['common'] }),
    documentOf(2, { tags: ['common'] }),
    documentOf(9, { tags: ['rare'] }),
  )
  assert.deepEqual(found(index, { text: 'common rare' }), [idOf(9), idOf(2), idOf(3)])
})

test('F1: the exact name ranks first', () => {
  const index = indexOf(
    documentOf(1, { name: 'Weather', tags: ['weather', 'bot'], summary: 'weather bot weather bot' }),
    documentOf(2, { name: 'weather-bot' }),
    documentOf(3, { name: 'Weather Bot Deluxe', tags: ['weather bot'] }),
  )
  assert.equal(found(index, { text: 'Weather Bot' })[0], idOf(2))
})

test('F1: an id is a lookup, whatever the status; other filters still hold', () => {
  const index = indexOf(documentOf(1, { status: 'inactive' }), documentOf(2, { summary: `see ${idOf(1)}` }))
  assert.deepEqual(found(index, { text: ` ${idOf(1)} ` }), [idOf(1)])
  assert.deepEqual(found(index, { text: idOf(1), type: 'service' }), [])
  assert.deepEqual(found(index, { text: idOf(3) }), [])
})

test('F1: a full name finds its bearer, whatever the status; without a bearer it is words', () => {
  const index = indexOf(
    documentOf(1, { status: 'inactive', fqan: 'Host/alice/weather' }),
    documentOf(2, { name: 'weather' }),
  )
  assert.deepEqual(found(index, { text: 'zns://host/alice/weather' }), [idOf(1)])
  index.remove(idOf(1))
  assert.deepEqual(found(index, { text: 'host/alice/weather' }), [idOf(2)])
})

test('F1: empty text browses, most recently active first, then by id', () => {
  const index = indexOf(
    documentOf(1, { lastActiveMs: 5 }),
    documentOf(2, { lastActiveMs: 9 }),
    documentOf(4, { lastActiveMs: 5 }),
    documentOf(3, { lastActiveMs: 5 }),
  )
  const { hits } = index.search(queryOf({ text: '  ' }))
  assert.deepEqual(
    hits.map((hit) => hit.id),
    [idOf(2), idOf(1), idOf(3), idOf(4)],
  )
  assert.ok(hits.every((hit) => hit.score === 0))
})

test('F1: text of signs alone finds nothing', () => {
  assert.deepEqual(found(indexOf(documentOf(1)), { text: '?!' }), [])
})

test('F1: the status filter tells active, inactive and any apart', () => {
  const index = indexOf(documentOf(1), documentOf(2, { status: 'inactive' }))
  for (const text of ['', 'agent']) {
    assert.deepEqual(found(index, { text }), [idOf(1)])
    assert.deepEqual(found(index, { text, status: 'inactive' }), [idOf(2)])
    assert.equal(found(index, { text, status: 'any' }).length, 2)
  }
})

test('F1: filters by category, tags, type and developer', () => {
  const index = indexOf(
    documentOf(1, { category: 'Travel & Co', tags: ['A b', 'c'] }),
    documentOf(2, { type: 'service', developerId: 'zns:dev:1', developerHandle: 'Alice' }),
    documentOf(3, { tags: ['a'] }),
  )
  const [one, two, three] = [idOf(1), idOf(2, 'service'), idOf(3)]
  assert.deepEqual(found(index, { category: ' travel & CO' }), [one])
  assert.deepEqual(found(index, { category: 'travel' }), [], 'a category is compared as a whole')
  assert.deepEqual(found(index, { tags: ['x', 'a B', 'A'] }), [three, one], 'any of the tags, each as a whole')
  assert.equal(found(index, { tags: [] }).length, 3)
  assert.deepEqual(found(index, { type: 'service' }), [two])
  assert.deepEqual(found(index, { type: 'agent' }), [three, one])
  assert.deepEqual(found(index, { developerId: 'zns:dev:1' }), [two])
  assert.deepEqual(found(index, { developerHandle: 'alice', text: 'agent' }), [two])
})

test('F1: skills raise the score and exclude nothing', () => {
  const index = indexOf(
    documentOf(1, { name: 'translate helper' }),
    documentOf(2, { name: 'other helper', capabilityWords: ['translate'] }),
    documentOf(3, { name: 'third helper' }),
  )
  assert.deepEqual(found(index, { text: 'helper', skills: ['Translate'] }), [idOf(2), idOf(1), idOf(3)])
  assert.deepEqual(found(index, { skills: ['Translate'] }), [idOf(2), idOf(3), idOf(1)], 'browsing too')
})

test('F4: put, remove and setStatus are seen at once', () => {
  const index = indexOf(documentOf(1, { name: 'first' }))
  index.put(documentOf(1, { name: 'second' }))
  assert.deepEqual([found(index, { text: 'first' }), found(index, { text: 'second' })], [[], [idOf(1)]])
  index.setStatus(idOf(1), 'inactive', 7)
  assert.deepEqual(found(index, { text: 'second' }), [])
  assert.equal(index.search(queryOf({ text: 'second', status: 'any' })).hits[0]?.lastActiveMs, 7)
  index.remove(idOf(1))
  assert.equal(index.size, 0)
  assert.deepEqual(found(index, { text: 'second', status: 'any' }), [])
  index.remove(idOf(1))
  index.setStatus(idOf(1), 'active', 8)
  assert.equal(index.size, 0)
})

test('F4: the document of an id is the one that was put last', () => {
  const index = indexOf(documentOf(1), documentOf(2))
  const newer = documentOf(1, { summary: 'newer' })
  index.put(newer)
  index.setStatus(idOf(1), 'inactive', 5)
  assert.equal(index.document(idOf(1)), newer)
  index.remove(idOf(1))
  assert.equal(index.document(idOf(1)), undefined)
  assert.equal(index.document(idOf(2))?.id, idOf(2))
})

test('F1: a document that cannot be read changes nothing, new or known', () => {
  const index = indexOf(documentOf(9, { name: 'known' }))
  for (const [number, name] of [
    [1, 'fresh'],
    [9, 'changed'],
  ] as const) {
    const unreadable = {
      ...documentOf(number, { name }),
      get capabilityWords(): readonly string[] {
        throw new Error('cannot be read')
      },
    }
    assert.throws(() => index.put(unreadable), /cannot be read/)
  }
  index.put(documentOf(2, { name: 'later' }))
  assert.equal(index.size, 2)
  assert.equal(index.document(idOf(1)), undefined)
  for (const text of ['fresh', 'changed']) assert.deepEqual(found(index, { text, status: 'any' }), [])
  assert.deepEqual(found(index, { text: 'known', status: 'any' }), [idOf(9)])
  assert.deepEqual(found(index, { text: 'later', status: 'any' }), [idOf(2)])
})

test('F1: every hit has a numeric score and its breakdown', () => {
  const dayMs = 86_400_000
  const index = indexOf(
    documentOf(1, { lastActiveMs: 2 * dayMs }),
    documentOf(2, { lastActiveMs: dayMs, status: 'inactive' }),
  )
  const [first, second] = index.search(queryOf({ text: 'agent', status: 'any' })).hits
  assert.ok(first && first.score > 0 && first.score < 1)
  assert.deepEqual(first.breakdown, { text_relevance: first.score, freshness: 1, availability: 1 })
  assert.deepEqual(second?.breakdown, { text_relevance: second?.score, freshness: 0.5, availability: 0 })
})

test('F1: limit, offset and depth', () => {
  const index = indexOf(...Array.from({ length: 10 }, (_, i) => documentOf(i)))
  const page = index.search(queryOf({ text: 'agent', limit: 3, offset: 4 }))
  assert.deepEqual(
    page.hits.map((hit) => hit.id),
    [idOf(4), idOf(5), idOf(6)],
  )
  assert.equal(page.totalFound, 10)
  const count = index.search(queryOf({ limit: 0 }))
  assert.deepEqual([count.hits, count.totalFound, count.nextCursor], [[], 10, undefined])
  assert.equal(index.search(queryOf({ offset: 1_000_000 })).problem, 'page_too_deep')
  assert.throws(() => index.search(queryOf({ limit: -1 })), /limit must be a whole number, 0 or more, but is -1/)
  assert.throws(() => index.search(queryOf({ offset: 0.5 })), RangeError)
  assert.throws(() => index.put(documentOf(1, { lastActiveMs: Number.NaN })), RangeError)
})

test('F1: more than one shard answers as one', () => {
  const count = 66_000
  const index = new SearchIndex()
  for (let n = 0; n < count; n += 1) index.put(documentOf(n, { name: n % 2 === 0 ? 'even' : 'odd' }))
  const even = index.search(queryOf({ text: 'even', limit: 2, offset: 0 }))
  assert.equal(even.totalFound, count / 2)
  assert.deepEqual(
    even.hits.map((hit) => hit.id),
    [idOf(0), idOf(2)],
  )
  assert.deepEqual(found(index, { limit: 2 }), [idOf(count - 1), idOf(count - 2)])
  index.put(documentOf(count - 1, { name: 'even only here', fqan: 'host/a/last' }))
  assert.deepEqual(found(index, { text: 'only' }), [idOf(count - 1)])
  assert.deepEqual(found(index, { text: 'host/a/last' }), [idOf(count - 1)])
  index.remove(idOf(0))
  assert.deepEqual(found(index, { text: 'even', limit: 1 }), [idOf(2)])
  index.put(documentOf(0, { name: 'even' }))
  assert.deepEqual(found(index, { text: 'even', limit: 1 }), [idOf(0)], 'a freed number is used again')
})

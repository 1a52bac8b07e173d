import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonObject } from '@rollcall/protocol'
import { fail, ok } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { parseSearch } from '../src/parse-search.ts'
import { SearchAnswerSchema } from '../src/views/schemas.ts'
import { assertConforms } from './support/conforms.ts'
import { enrol, postJson, startGateway } from './support/harness.ts'
import { WALL_MS } from './support/scripted-registry.ts'
import { until } from './support/within.ts'

const caps = { defaultLimit: 20, maxLimit: 100 }
const requestOf = (fields: JsonObject) => {
  const input = parseSearch(fields, caps)
  assert.ok(input.ok, input.ok ? '' : input.message)
  assert.equal(input.value.kind, 'search')
  return input.value.kind === 'search' ? input.value.request : undefined
}
const refusedField = (fields: JsonObject): unknown => {
  const input = parseSearch(fields, caps)
  assert.ok(!input.ok)
  assert.equal(input.code, 'validation_failed')
  return input.details?.field
}

describe('what a search means (zynd-wire §4.2)', () => {
  test('nothing at all browses what is active', () => {
    assert.deepEqual(requestOf({}), { text: '', status: 'active', limit: 20, offset: 0 })
    assert.deepEqual(requestOf({ query: '' }), requestOf({}))
  })

  test('the bodies seen from each client', () => {
    assert.equal(requestOf({ query: 'svc' })?.text, 'svc')
    assert.equal(requestOf({ query: 'svc', max_results: 10, offset: 0 })?.limit, 10)
    assert.equal(requestOf({ max_results: 20, offset: 40, federated: true, enrich: false })?.offset, 40)
    const words = ['translate', 'french']
    const request = requestOf({
      query: words.join(' '),
      skills: words,
      protocols: ['a2a'],
      min_trust_score: 0.2,
      timeout_ms: 9,
    })
    assert.deepEqual(request?.skills, words)
    assert.deepEqual(requestOf({ q: ' svc ', tag: ['a', 'b'], limit: '7' }), {
      text: 'svc',
      status: 'active',
      tags: ['a', 'b'],
      limit: 7,
      offset: 0,
    })
    assert.deepEqual(requestOf({ tags: 'a, b,,c' })?.tags, ['a', 'b', 'c'])
  })

  test('status in every spelling', () => {
    const cases: readonly [JsonObject, string][] = [
      [{}, 'active'],
      [{ status: '' }, 'active'],
      [{ status: null }, 'active'],
      [{ status: 'online' }, 'active'],
      [{ status: 'active' }, 'active'],
      [{ status: 'Offline' }, 'inactive'],
      [{ status: 'inactive' }, 'inactive'],
      [{ status: 'any' }, 'any'],
      [{ include_inactive: true }, 'any'],
      [{ include_inactive: 'true' }, 'any'],
      [{ include_inactive: false }, 'active'],
    ]
    for (const [fields, status] of cases) assert.equal(requestOf(fields)?.status, status, JSON.stringify(fields))
  })

  test('type and its alias', () => {
    assert.equal(requestOf({ type: 'service' })?.type, 'service')
    assert.equal(requestOf({ entity_type: 'agent' })?.type, 'agent')
    assert.equal(requestOf({ entity_type: '' })?.type, undefined)
    assert.equal(requestOf({ entity_type: '', type: 'agent' })?.type, 'agent')
  })

  test('an entity id in query or fqan is looked up, and a full name in every spelling', () => {
    const id = `zns:svc:${'ab'.repeat(16)}`
    for (const fields of [{ query: id }, { fqan: id }, { fqan: id, max_results: 1, status: 'online' }]) {
      assert.deepEqual(parseSearch(fields, caps), ok({ kind: 'id', id, offset: 0 }))
    }
    const named = ok({ kind: 'name', handle: 'alice', name: 'stocks', offset: 0 })
    for (const fqan of [
      'host/alice/stocks',
      'alice/stocks',
      '@alice/stocks',
      'stocks.alice.zynd',
      'zns://host/alice/stocks',
      'zns://host/alice/stocks@1.0.0#quotes',
      'agdns://host/alice/stocks',
      ' Host/Alice/Stocks ',
    ]) {
      assert.deepEqual(parseSearch({ fqan }, caps), named, fqan)
    }
    for (const fqan of ['stocks', 'a/b', 'host/alice/stocks/more', 'stocks.alice.example', 'alice/-stocks', 'a@b@c']) {
      assert.deepEqual(parseSearch({ fqan }, caps), ok({ kind: 'nothing', offset: 0 }), fqan)
    }
    assert.equal(requestOf({ query: 'a', developer_handle: '@alice' })?.developerHandle, 'alice')
  })

  test('a limit is lowered to the cap; what breaks a rule is refused by the name of its field', () => {
    assert.equal(requestOf({ max_results: 5_000 })?.limit, 100)
    assert.equal(requestOf({ limit: 0 })?.limit, 20)
    assert.equal(refusedField({ query: 'x'.repeat(501) }), 'query')
    assert.equal(refusedField({ query: 5 }), 'query')
    assert.equal(refusedField({ max_results: -1 }), 'max_results')
    assert.equal(refusedField({ limit: 'many' }), 'limit')
    assert.equal(refusedField({ offset: 10_001 }), 'offset')
    assert.equal(refusedField({ status: 'asleep' }), 'status')
    assert.equal(refusedField({ status: 'constructor' }), 'status')
    assert.equal(refusedField({ type: 'person' }), 'type')
    assert.equal(refusedField({ tags: [1] }), 'tags')
    assert.equal(refusedField({ tags: { a: 1 } }), 'tags')
    assert.equal(refusedField({ tags: Array(33).fill('a') }), 'tags')
    assert.equal(refusedField({ tags: ['x'.repeat(65)] }), 'tags')
    assert.equal(refusedField({ cursor: 'x'.repeat(2_000) }), 'cursor')
  })
})

test('an answer conforms to its schema, and every hit has a number as score', async (t) => {
  const { registry, url } = await startGateway(t)
  for (let seed = 1; seed <= 3; seed++) enrol(registry, seed)
  const body = await (await postJson(`${url}/v1/search`, { max_results: 2 })).json()
  assertConforms(SearchAnswerSchema, body)
  assert.equal(body.results.length, 2)
  assert.equal(body.total_found, 3)
  assert.equal(body.has_more, true)
  assert.equal(body.node_id, registry.nodeId)
  assert.equal(body.complete, true)
  assert.ok(!('unanswered' in body) && !('next_cursor' in body))
  const [hit] = body.results
  assert.equal(hit.score, 0.5)
  assert.deepEqual(Object.keys(hit.score_breakdown).sort(), [
    'availability',
    'freshness',
    'semantic_similarity',
    'text_relevance',
    'trust_score',
  ])
  assert.ok(hit.entity_url)
})

test('GET and POST are one search', async (t) => {
  const { registry, url } = await startGateway(t)
  const query = 'q=stock+news&status=any&category=finance&tag=a&tag=b&type=agent&limit=5&cursor=abc'
  assert.equal((await fetch(`${url}/v1/search?${query}`)).status, 200)
  const body = {
    query: 'stock news',
    status: 'any',
    category: 'finance',
    tags: ['a', 'b'],
    entity_type: 'agent',
    max_results: 5,
    cursor: 'abc',
  }
  assert.equal((await postJson(`${url}/v1/search`, body)).status, 200)
  assert.deepEqual(registry.searches[0], registry.searches[1])
  // The documented `curl -d` sends JSON as a form, and others a real form.
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  assert.equal((await postJson(`${url}/v1/search`, body, headers)).status, 200)
  const form = query.replace('q=', 'query=').replace('type=', 'entity_type=')
  assert.equal((await fetch(`${url}/v1/search`, { method: 'POST', body: form, headers })).status, 200)
  assert.deepEqual(registry.searches.slice(2), registry.searches.slice(0, 2))
})

test('the lookup of an id shows the entity whatever its status, and nobody where it is unknown', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 4)
  const found = await (await postJson(`${url}/v1/search`, { query: id })).json()
  assert.deepEqual([found.total_found, found.results[0].entity_id, found.results[0].score], [1, id, 1])
  assertConforms(SearchAnswerSchema, found)
  const unknown = `zns:${'0'.repeat(32)}`
  const none = await (await postJson(`${url}/v1/search`, { fqan: unknown, max_results: 1 })).json()
  assert.deepEqual([none.results, none.total_found, none.has_more], [[], 0, false])
  assert.deepEqual(registry.located, [unknown])
  assert.deepEqual(registry.searches, [])
})

test('who did not answer, and how to go on, is said', async (t) => {
  const { registry, url } = await startGateway(t)
  registry.onSearch = async () =>
    ok({ hits: [], totalFound: 40, nextCursor: 'c2', asOfMs: WALL_MS, complete: false, unanswered: [registry.nodeId] })
  const body = await (await postJson(`${url}/v1/search`, { cursor: 'c1' })).json()
  assertConforms(SearchAnswerSchema, body)
  assert.deepEqual([body.next_cursor, body.has_more, body.complete], ['c2', true, false])
  assert.deepEqual(body.unanswered, [registry.nodeId])
})

test('a search that takes too long is 504, one of a node that is not ready 503', async (t) => {
  const clock = new ManualClock()
  const { registry, url } = await startGateway(t, { searchTimeoutMs: 1_500 }, { clock })
  registry.onSearch = () => new Promise(() => {})
  const slow = postJson(`${url}/v1/search`, {})
  await until('the search to reach the registry', () => registry.searches.length === 1)
  clock.advance(1_500)
  const response = await slow
  assert.equal(response.status, 504)
  assert.equal((await response.json()).error, 'timeout')
  registry.onSearch = async () => fail('node_not_ready', 'syncing')
  assert.equal((await postJson(`${url}/v1/search`, {})).status, 503)
})

test('categories and tags are objects with counts, kept for half a minute', async (t) => {
  const clock = new ManualClock()
  const { registry, url } = await startGateway(t, {}, { clock })
  enrol(registry, 5)
  enrol(registry, 6, { category: 'art', tags: ['b', 'b', 'a'] })
  const read = async (path: string) => (await fetch(url + path)).json()
  assert.deepEqual(await read('/v1/categories'), { categories: ['art', 'finance'], counts: { art: 1, finance: 1 } })
  assert.deepEqual((await read('/v1/tags')).counts, { a: 1, b: 1, news: 1, stocks: 1 })
  enrol(registry, 7, { category: 'zoo' })
  assert.deepEqual((await read('/v1/categories')).categories, ['art', 'finance'])
  clock.advance(30_000)
  assert.deepEqual((await read('/v1/categories')).categories, ['art', 'finance', 'zoo'])
})

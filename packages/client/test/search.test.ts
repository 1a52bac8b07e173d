import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type SearchHit, type SearchPage, searchPageOf } from '../src/answers.ts'
import { type SearchQuery, searchPages, searchPath } from '../src/search.ts'

const hit = (n: number): SearchHit => ({ entity_id: `zns:${n}`, status: 'active', score: 1 })
const page = (ids: readonly number[], next?: string): SearchPage => ({
  results: ids.map(hit),
  total_found: 99,
  complete: true,
  ...(next === undefined ? {} : { next_cursor: next }),
})

async function collect(pages: Record<string, SearchPage>, query: SearchQuery = {}): Promise<[string[], string[]]> {
  const asked: string[] = []
  const ids: string[] = []
  const fetchPage = async ({ cursor = 'start' }: SearchQuery): Promise<SearchPage> => {
    asked.push(cursor)
    return pages[cursor] ?? page([])
  }
  for await (const { entity_id } of searchPages(query, fetchPage)) ids.push(entity_id)
  return [ids, asked]
}

test('a query becomes the parameters that the API names', () => {
  assert.equal(searchPath({}), '/v1/search')
  assert.equal(
    searchPath({
      query: 'a b&c',
      status: 'any',
      category: 'x',
      tags: ['t', 'u'],
      type: 'agent',
      limit: 5,
      cursor: 'é',
    }),
    '/v1/search?q=a+b%26c&status=any&category=x&type=agent&cursor=%C3%A9&tag=t&tag=u&limit=5',
  )
})

test('pages follow one another; a hit that moved between them is given once', async () => {
  const pages = { start: page([1, 2], 'p2'), p2: page([2, 3], 'p3'), p3: page([4]) }
  assert.deepEqual(await collect(pages), [
    ['zns:1', 'zns:2', 'zns:3', 'zns:4'],
    ['start', 'p2', 'p3'],
  ])
})

test('a page that names itself as the next ends the search', async () => {
  const [, asked] = await collect({ start: page([1], 'p2'), p2: page([2], 'p2') })
  assert.deepEqual(asked, ['start', 'p2'])
})

test('a cursor given begins there', async () => {
  const [ids] = await collect({ p2: page([7]) }, { cursor: 'p2' })
  assert.deepEqual(ids, ['zns:7'])
})

test('an answer that is no search is refused', () => {
  const answer = { status: 200, registry: 'http://a', requestId: undefined }
  assert.throws(() => searchPageOf({ ...answer, body: { hello: 1 } }), /is it a registry/)
  assert.throws(() => searchPageOf({ ...answer, body: { results: [{ entity_id: 'x' }] } }), /is it a registry/)
})

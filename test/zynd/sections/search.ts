/** Search as existing clients ask for it (docs/zynd-wire.md, section 4.2). */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { until } from '../../e2e/support/wait.ts'
import { printSearch } from '../support/cli.ts'
import { type Fields, pythonBody } from '../support/dump.ts'
import { fetchCall, JSON_TYPE, listOf, objectOf, postJson, pythonCall, type Reply } from '../support/http.ts'
import { Key } from '../support/keys.ts'
import { PythonAgent } from '../support/python-agent.ts'
import { describe as described, identityOf } from '../support/sdk.ts'
import { nodes, THRESHOLD_MS } from '../support/shared.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

/** A word that occurs in nothing but the entities of this section. */
const WORD = 'quokka'

const find = async (fields: Fields, url = nodes.url): Promise<Reply> => {
  const reply = await postJson(`${url}/v1/search`, fields)
  assert.equal(reply.status, 200, reply.text)
  return reply
}
const namesOf = (reply: Reply): string[] => listOf(reply.body.results).map((hit) => String(hit.name))
const namesFor = async (fields: Fields): Promise<string[]> => namesOf(await find(fields)).sort()

describe('section 4.2', () => {
  const live: (TypeScriptAgent | PythonAgent)[] = []
  let silent: TypeScriptAgent

  before(async () => {
    const endpoints = { service_endpoint: 'http://127.0.0.1:5001', openapi_url: 'http://127.0.0.1:5001/openapi.json' }
    const agents = [
      new TypeScriptAgent(
        identityOf(`${WORD} forecast`),
        described(`${WORD} forecast`, {
          ...endpoints,
          category: WORD,
          tags: ['Weather', 'rain'],
          summary: `${WORD} sky`,
        }),
        nodes.url,
      ),
      new PythonAgent(
        identityOf(`${WORD} translator`),
        described(`${WORD} translator`, { category: WORD, tags: ['language'], summary: `${WORD} words` }),
        nodes.urlOf(1),
      ),
      new TypeScriptAgent(
        identityOf(`${WORD} store`, 'service'),
        described(`${WORD} store`, { category: WORD, tags: ['shop'], summary: `${WORD} goods` }),
        nodes.urlOf(2),
      ),
    ]
    for (const agent of agents) await agent.start()
    live.push(...agents)
    silent = new TypeScriptAgent(
      identityOf(`${WORD} sleeper`),
      described(`${WORD} sleeper`, { category: WORD, tags: ['rain'], summary: `${WORD} asleep` }),
      nodes.url,
    )
    assert.equal((await silent.register()).status, 201)
    for (const agent of agents) await nodes.status(agent.id, 'active')
    await nodes.status(silent.id, 'inactive')
  })

  const ACTIVE = [`${WORD} forecast`, `${WORD} store`, `${WORD} translator`]
  const ALL = [`${WORD} forecast`, `${WORD} sleeper`, `${WORD} store`, `${WORD} translator`]

  test('Z4.2-bodies, Z4.6-search: every body that clients send is served, on every node', async () => {
    const bodies: readonly (readonly [Fields, boolean])[] = [
      [{ query: WORD }, true],
      [{}, false],
      [{ fqan: 'X', max_results: 1 }, false],
      [{ query: WORD, max_results: 10, offset: 0 }, true],
      [{ max_results: 20, offset: 0 }, false],
      [{ fqan: `stocks.alice.zynd`, max_results: 1 }, false],
      [{ query: '', max_results: 100 }, false],
    ]
    for (const url of nodes.urls) {
      for (const [body, findsAll] of bodies) {
        const reply = await find(body, url)
        if (findsAll) assert.deepEqual(namesOf(reply).sort(), ACTIVE, JSON.stringify(body))
      }
      const python = { query: WORD, max_results: 10, federated: false, enrich: false }
      const call = { method: 'POST', body: pythonBody(python), headers: JSON_TYPE }
      assert.deepEqual(namesOf(await pythonCall(`${url}/v1/search`, call)).sort(), ACTIVE)
    }
  })

  test('Z4.2-bodies: the command prints its hits without a gap', async () => {
    for (const fields of [{ query: WORD }, {}]) {
      const lines = await printSearch(nodes.url, fields)
      assert.ok(lines.length >= ACTIVE.length)
      assert.deepEqual(
        lines.filter((line) => line.includes('undefined')),
        [],
      )
    }
  })

  test('Z4.2-fields, Z4.2-soft-filters, Z4.2-federated: every field seen is taken, and those AgentDNS ignores hide nothing', async () => {
    const fields = {
      query: WORD,
      category: WORD,
      skills: ['nothing has this'],
      protocols: ['a2a'],
      languages: ['python'],
      models: ['gpt'],
      min_trust_score: 0.9,
      status: 'online',
      max_results: 50,
      offset: 0,
      federated: true,
      enrich: true,
      timeout_ms: 1,
    }
    assert.deepEqual(await namesFor(fields), ACTIVE)
    assert.deepEqual(await namesFor({ ...fields, a_field_of_tomorrow: { x: 1 } }), ACTIVE)
  })

  test('Z4.2-browse, Z4.2-paging: an empty query browses in a stable order, page by page, each entity once', async () => {
    const pages = async (): Promise<string[]> => {
      const seen: string[] = []
      for (let offset = 0; ; ) {
        const { body } = await find({ category: WORD, status: 'any', max_results: 3, offset })
        const hits = listOf(body.results)
        seen.push(...hits.map((hit) => String(hit.entity_id)))
        assert.deepEqual([body.offset, body.total_found], [offset, ALL.length])
        offset += hits.length
        assert.equal(body.has_more, offset < ALL.length)
        if (body.has_more !== true) return seen
      }
    }
    const first = await pages()
    assert.equal(new Set(first).size, ALL.length)
    assert.deepEqual(await pages(), first)
  })

  test('Z4.2-id-fqan, Z4.2-id-query, Z4.2-exact-status: a bare id in either field finds that entity, whatever its status', async () => {
    for (const agent of [...live, silent]) {
      for (const url of nodes.urls) {
        for (const fields of [
          { fqan: agent.id, max_results: 1 },
          { query: agent.id, max_results: 5 },
        ]) {
          const hits = listOf((await find(fields, url)).body.results)
          assert.deepEqual(
            hits.map((hit) => hit.entity_id),
            [agent.id],
          )
        }
      }
    }
    const { body } = await find({ fqan: new Key('nobody at all').agentId })
    assert.deepEqual([body.results, body.total_found], [[], 0])
  })

  test('Z4.2-status, Z4.2-include-inactive: each word for a status', async () => {
    for (const status of [undefined, '', 'online', 'active']) {
      assert.deepEqual(await namesFor({ query: WORD, ...(status === undefined ? {} : { status }) }), ACTIVE)
    }
    for (const status of ['offline', 'inactive']) {
      assert.deepEqual(await namesFor({ query: WORD, status }), [`${WORD} sleeper`])
    }
    assert.deepEqual(await namesFor({ query: WORD, status: 'any' }), ALL)
    assert.deepEqual(await namesFor({ query: WORD, include_inactive: true }), ALL)
    assert.deepEqual(await namesFor({ query: WORD, include_inactive: false }), ACTIVE)
  })

  test('Z4.2-types: agents and services unless one is asked for, as entity_type or type', async () => {
    const agents = [`${WORD} forecast`, `${WORD} translator`]
    for (const field of ['entity_type', 'type']) {
      assert.deepEqual(await namesFor({ query: WORD, [field]: 'agent' }), agents)
      assert.deepEqual(await namesFor({ query: WORD, [field]: 'service' }), [`${WORD} store`])
    }
  })

  test('Z4.2-tags: any of them, whatever their case', async () => {
    assert.deepEqual(await namesFor({ query: WORD, tags: ['WEATHER', 'Shop'] }), [`${WORD} forecast`, `${WORD} store`])
    assert.deepEqual(await namesFor({ query: WORD, tags: ['no such tag'] }), [])
    assert.deepEqual(await namesFor({ category: WORD, tags: ['rain'], status: 'any' }), [
      `${WORD} forecast`,
      `${WORD} sleeper`,
    ])
  })

  test('Z4.2-skills: the words of searchByCapabilities rank and hide nothing', async () => {
    const words = ['language', 'words']
    const reply = await find({ query: WORD, skills: words, max_results: 10 })
    assert.deepEqual(namesOf(reply).sort(), ACTIVE)
    assert.equal(namesOf(reply)[0], `${WORD} translator`)
    const both = await find({ query: 'language words', skills: words, max_results: 10 })
    assert.ok(namesOf(both).includes(`${WORD} translator`))
  })

  test('Z4.2-answer, Z4.2-hit, Z4.2-score, Z4.2-breakdown: what T, P, TC and D read', async () => {
    const { body } = await find({ query: WORD, max_results: 2 })
    assert.deepEqual([body.total_found, body.offset, body.has_more], [3, 0, true])
    const stats = objectOf(body.search_stats)
    for (const field of ['local_results', 'gossip_results', 'federated_results', 'peers_queried', 'latency_ms']) {
      assert.equal(typeof stats[field], 'number', field)
    }
    for (const browse of [{ query: WORD }, { category: WORD }, { fqan: silent.id }]) {
      for (const hit of listOf((await find(browse)).body.results)) {
        const texts = ['entity_id', 'name', 'summary', 'category', 'entity_url', 'url', 'home_registry', 'status']
        for (const field of [...texts, 'entity_type', 'developer_id']) assert.equal(typeof hit[field], 'string', field)
        assert.ok(Array.isArray(hit.tags) && 'last_heartbeat' in hit)
        assert.equal(typeof hit.score, 'number')
        const breakdown = objectOf(hit.score_breakdown)
        for (const part of ['text_relevance', 'semantic_similarity', 'trust_score', 'freshness', 'availability']) {
          assert.equal(typeof breakdown[part], 'number', part)
        }
      }
    }
    const [forecast] = listOf((await find({ query: `${WORD} forecast`, max_results: 1 })).body.results)
    assert.deepEqual(
      [forecast?.service_endpoint, forecast?.openapi_url],
      ['http://127.0.0.1:5001', 'http://127.0.0.1:5001/openapi.json'],
    )
    const [translator] = listOf((await find({ query: 'translator' })).body.results)
    assert.equal(objectOf(translator?.entity_pricing).currency, 'USD')
  })

  test('Z4.2-developer: the entities of one developer', async () => {
    const [agent] = live
    assert.ok(agent)
    const fields = { developer_id: agent.identity.developer.developerId, status: 'any' }
    assert.deepEqual(await namesFor(fields), [agent.description.name])
  })

  test('Z4.2-limits: 100 results and 500 characters', async () => {
    await find({ query: `${WORD} ${'x'.repeat(500 - WORD.length - 1)}`, max_results: 100 })
    const over = await postJson(`${nodes.url}/v1/search`, { query: 'x'.repeat(501) })
    assert.equal(over.status, 422)
  })

  test('Z4.2-taxonomy, Z10-must: categories and tags are objects with lists', async () => {
    const categories = await fetchCall(`${nodes.url}/v1/categories`)
    assert.ok(Array.isArray(categories.body.categories) && categories.body.categories.includes(WORD))
    const tags = await fetchCall(`${nodes.url}/v1/tags`)
    assert.ok(Array.isArray(tags.body.tags) && tags.body.tags.includes('language'))
  })

  test('Z6.2-register-only, Z6.2-search-at-once: only registered it is not found by default, after its first beat at once', async () => {
    const agent = new PythonAgent(identityOf('numbat'), described('numbat'), nodes.url)
    assert.equal((await agent.register()).status, 201)
    await nodes.status(agent.id, 'inactive')
    assert.deepEqual(await namesFor({ query: 'numbat' }), [])
    assert.deepEqual(await namesFor({ query: 'numbat', status: 'any' }), ['numbat'])
    agent.beat()
    await until(5_000, 'found on every node', async () => {
      const found = await Promise.all(nodes.urls.map(async (url) => namesOf(await find({ query: 'numbat' }, url))))
      return found.every((names) => names[0] === 'numbat')
    })
    agent.stop()
  })

  test('Z5-stop: agents that stopped are still registered, and inactive by silence', async () => {
    for (const agent of live) agent.stop()
    for (const agent of live) await nodes.status(agent.id, 'inactive', 2 * THRESHOLD_MS)
    assert.deepEqual(await namesFor({ query: WORD }), [])
    assert.deepEqual(await namesFor({ query: WORD, status: 'any' }), ALL)
  })
})

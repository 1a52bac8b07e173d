/** Registration, lookup, update and deregistration as existing clients do them (docs/zynd-wire.md, sections 4 and 4.1). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../e2e/support/wait.ts'
import { deregister, printInfo, printStatus, register } from '../support/cli.ts'
import type { Fields } from '../support/dump.ts'
import { fetchCall, JSON_TYPE, listOf, objectOf, postJson, pythonCall, type Reply } from '../support/http.ts'
import { Key } from '../support/keys.ts'
import { PYTHON_PRICING, PythonAgent } from '../support/python-agent.ts'
import { describe as described, identityOf, idOf, registration, updateOf } from '../support/sdk.ts'
import { nodes } from '../support/shared.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

const assertStatus = (reply: Reply, status: number): void => assert.equal(reply.status, status, reply.text)
const typescript = (name: string, url = nodes.url): TypeScriptAgent =>
  new TypeScriptAgent(identityOf(name), described(name), url)
const python = (name: string, url = nodes.url): PythonAgent => new PythonAgent(identityOf(name), described(name), url)

describe('section 4, what holds for all calls', () => {
  test('Z4-percent: ids in paths are taken with literal and with encoded colons', async () => {
    const agent = typescript('percent')
    assertStatus(await agent.register(), 201)
    assert.ok(agent.entityUrl.includes('zns%3A'))
    assertStatus(await fetchCall(agent.entityUrl), 200)
    assertStatus(await pythonCall(`${nodes.url}/v1/entities/${agent.id}`), 200)
    assertStatus(await agent.update({ summary: 'Encoded.' }), 200)
    const { body, authorization } = updateOf(agent.identity.key, { summary: 'Literal.' })
    const headers = { ...JSON_TYPE, Authorization: authorization }
    assertStatus(await pythonCall(`${nodes.url}/v1/entities/${agent.id}`, { method: 'PUT', body, headers }), 200)
  })

  test('Z4-content-type: JSON under the type of a form, of plain text and of none', async () => {
    for (const type of ['application/x-www-form-urlencoded', 'text/plain', 'application/octet-stream', 'nonsense']) {
      const agent = typescript(`type ${type}`)
      const body = JSON.stringify(registration(agent.identity, agent.description))
      const headers = { 'Content-Type': type }
      assertStatus(await fetchCall(`${nodes.url}/v1/entities`, { method: 'POST', body, headers }), 201)
      const found = await fetchCall(`${nodes.url}/v1/search`, { method: 'POST', body: '{"query":"type"}', headers })
      assertStatus(found, 200)
    }
    const bare = await pythonCall(`${nodes.url}/v1/search`, { method: 'POST', body: '{}' })
    assertStatus(bare, 200)
  })

  test('Z4-error, Z4-error-codes, Z4-prompt: refusals are objects with code and message, and come at once', async () => {
    const unsigned = registration(identityOf('refused'), described('refused'))
    const calls: readonly (readonly [string, number, Promise<Reply>])[] = [
      ['signature_invalid', 401, postJson(`${nodes.url}/v1/entities`, { ...unsigned, name: 'other' })],
      ['entity_not_found', 404, nodes.get(new Key('nobody').agentId)],
      ['malformed', 400, postJson(`${nodes.url}/v1/entities`, [])],
      ['not_found', 404, fetchCall(`${nodes.url}/v1/nowhere`)],
    ]
    const started = performance.now()
    for (const [code, status, call] of calls) {
      const { body, text, ...reply } = await call
      assert.deepEqual([reply.status, body.error], [status, code], text)
      assert.ok(typeof body.message === 'string' && body.message !== '')
      assert.match(reply.headers.get('content-type') ?? '', /application\/json/)
    }
    // M gives up after 30 s and the SDKs never: what is refused is refused long before.
    assert.ok(performance.now() - started < 10_000)
  })

  test('Z4-no-redirect, Z10-must: a node that is not the home of an entity takes its writes itself', async () => {
    const agent = typescript('not at home')
    assertStatus(await agent.register(), 201)
    for (const url of nodes.urls.slice(1)) {
      agent.registryUrl = url
      assertStatus(await agent.update({ summary: `Updated at ${url}.` }), 200)
      await nodes.everywhere('the update', agent.id, ({ body }) => body.summary === `Updated at ${url}.`)
    }
    const last = nodes.urlOf(2)
    const raw = { method: 'DELETE', headers: { Authorization: `Bearer ${agent.identity.key.sign(agent.id)}` } }
    assertStatus(await pythonCall(`${last}/v1/entities/${agent.id}`, raw), 200)
    await nodes.everywhere('gone', agent.id, ({ status }) => status === 404)
  })

  test('Z4-slashes: a registry URL with a slash at its end', async () => {
    const agent = new PythonAgent(identityOf('slash'), described('slash'), `${nodes.url}/`)
    await agent.start()
    await until(5_000, 'active', async () => (await nodes.get(agent.id)).body.status === 'active')
    agent.stop()
  })

  test('Z4-rate-limits, Z4.1-first-registrations: many agents that start at once are all registered', async () => {
    const agents = Array.from({ length: 24 }, (_, at) => (at % 2 ? python(`crowd ${at}`) : typescript(`crowd ${at}`)))
    const replies = await Promise.all(agents.map((agent) => agent.register()))
    assert.deepEqual([...new Set(replies.map(({ status }) => status))], [201])
  })

  test('Z4-rate-limits: one key that writes without end is told when to come back', async () => {
    const agent = typescript('restless')
    assertStatus(await agent.register(), 201)
    // Sixty a minute are allowed, far more than an agent ever sends.
    const replies = await Promise.all(Array.from({ length: 65 }, (_, at) => agent.update({ summary: `Update ${at}.` })))
    assert.ok(replies.some(({ status }) => status === 200))
    const { status, body, headers } = await agent.update({ summary: 'One too many.' })
    assert.deepEqual([status, body.error], [429, 'rate_limited'])
    assert.match(headers.get('retry-after') ?? '', /^\d+$/)
  })
})

describe('section 4.1, registration', () => {
  test('Z4.1-post, Z4.1-post-fields: what each client sends is 201, and kept as it was sent', async () => {
    const about = described('full', {
      service_endpoint: 'http://127.0.0.1:5001',
      openapi_url: 'http://127.0.0.1:5001/o',
    })
    const summary = { capability_summary: { skills: ['translate'], protocols: ['a2a'] } }
    const agent = new TypeScriptAgent(identityOf('full ts'), about, nodes.url)
    const other = new PythonAgent(identityOf('full py'), about, nodes.url)
    for (const reply of [await agent.register(summary), await other.register(summary)]) {
      assertStatus(reply, 201)
      assert.ok(typeof reply.body.message === 'string')
      const { body } = await nodes.get(String(reply.body.entity_id))
      const { name, entity_url, category, tags, summary: text, service_endpoint, openapi_url } = body
      const shown = { name, entity_url, category, tags, summary: text, service_endpoint, openapi_url }
      assert.deepEqual(shown, { ...about })
      assert.deepEqual(body.capability_summary, summary.capability_summary)
      assert.equal(body.version, '1.0.0')
    }
    const cli = await register(nodes.url, identityOf('full cli'), described('full-cli'), false)
    assert.equal(cli.body.entity_id, identityOf('full cli').key.agentId)
  })

  test('Z4.1-pricing: prices of T, P and M are taken whatever their shape', async () => {
    const prices: Readonly<Record<string, Fields>> = {
      ts: { base_price_usd: 0.01, currency: 'USD' },
      mcp: { model: 'per-request', base_price_usd: 0.5, currency: 'USD', payment_methods: ['x402'] },
    }
    for (const [who, entity_pricing] of Object.entries(prices)) {
      const agent = typescript(`priced ${who}`)
      assertStatus(await agent.register({ entity_pricing }), 201)
      assert.deepEqual((await nodes.get(agent.id)).body.entity_pricing, entity_pricing)
    }
    const other = python('priced py')
    assertStatus(await other.register(), 201)
    const shown = objectOf((await nodes.get(other.id)).body.entity_pricing)
    assert.deepEqual(shown.rates, { default: 1, burst: 1e-7 })
    assert.equal(shown.model, PYTHON_PRICING.model)
  })

  test('Z4.1-characters: limits count characters in any script', async () => {
    const wide = (count: number): string => '語🤖'.repeat(count / 2)
    const about = described(wide(100), {
      summary: `${wide(198)}…!`,
      tags: Array.from({ length: 20 }, (_, at) => `語${at}`),
    })
    for (const agent of [
      new TypeScriptAgent(identityOf('wide ts'), about, nodes.url),
      new PythonAgent(identityOf('wide py'), about, nodes.url),
    ]) {
      assertStatus(await agent.register(), 201)
      assert.equal((await nodes.get(agent.id)).body.summary, about.summary)
    }
    for (const long of [
      { ...about, name: wide(102) },
      { ...about, summary: wide(202) },
      { ...about, tags: [...about.tags, 'one more'] },
    ]) {
      const reply = await new TypeScriptAgent(identityOf('too wide'), long, nodes.url).register()
      assert.equal(reply.status, 422, reply.text)
    }
  })

  test('Z4.1-service-endpoint: a service of the command has its URL as endpoint', async () => {
    const identity = identityOf('cli service', 'service')
    assertStatus(await register(nodes.url, identity, described('cli-service'), true), 201)
    const { body } = await nodes.get(identity.key.serviceId)
    assert.deepEqual([body.service_endpoint, body.entity_type], [body.entity_url, 'service'])
  })

  test('Z4.1-no-developer, Z10-must: a registration without a developer is accepted', async () => {
    const identity = identityOf('developerless')
    const { developer_id: _, developer_proof: __, ...fields } = registration(identity, described('developerless'))
    assertStatus(await postJson(`${nodes.url}/v1/entities`, fields), 201)
    assert.equal((await nodes.get(identity.key.agentId)).body.developer_id, undefined)
  })

  test('Z4.1-conflict, Z10-must: registered already is 409 on every node, and both SDKs then update', async () => {
    for (const agent of [typescript('conflict ts'), python('conflict py')]) {
      assertStatus(await agent.register(), 201)
      await nodes.everywhere('known', agent.id, ({ status }) => status === 200)
      for (const url of nodes.urls) {
        agent.registryUrl = url
        const again = await agent.register()
        assertStatus(again, 409)
        assert.ok(again.text.includes('already_registered'))
      }
      assertStatus(await agent.update({ ...agent.description, summary: 'After a conflict.' }), 200)
    }
  })

  test('Z4.1-409-text: no other refusal of a registration contains these digits, whatever was in it', async () => {
    const withDigits = new Key('409 240')
    assert.ok(withDigits.agentId.includes('409'))
    const identity = { ...identityOf('digits'), key: withDigits }
    const fields = registration(identity, described('409 of 409'))
    const wrong: readonly Fields[] = [
      { ...fields, signature: new Key('a stranger').sign('409') },
      { ...fields, entity_id: 'zns:40940940940940940940940940940940' },
      { ...fields, tags: Array.from({ length: 409 }, (_, at) => `t${at}`) },
      { ...fields, entity_type: '409' },
      { ...fields, entity_url: 'not 409' },
      { ...fields, developer_id: 'zns:dev:409' },
    ]
    for (const body of wrong) {
      const sent = { 'X-Request-Id': 'request-of-a-client', ...JSON_TYPE }
      const call = { method: 'POST', body: JSON.stringify(body), headers: sent }
      const reply = await fetchCall(`${nodes.url}/v1/entities`, call)
      assert.ok(reply.status >= 400 && reply.status !== 409, reply.text)
      assert.ok(!reply.text.includes('409'), reply.text)
    }
  })
})

describe('section 4.1, lookup', () => {
  test('Z4.1-get: 404 for an unknown id and for what is none, 200 for a silent entity', async () => {
    for (const id of [new Key('unknown').agentId, new Key('unknown').serviceId, 'zns:short', 'no-id-at-all']) {
      for (const url of nodes.urls) assert.equal((await nodes.get(id, url)).status, 404, id)
    }
    const agent = typescript('silent')
    assertStatus(await agent.register(), 201)
    await nodes.everywhere('shown', agent.id, ({ status, body }) => status === 200 && body.status === 'inactive')
  })

  test('Z4.1-get-fields: the full record on every node', async () => {
    const endpoints = { service_endpoint: 'http://127.0.0.1:5001', openapi_url: 'http://127.0.0.1:5001/openapi.json' }
    const agent = new PythonAgent(identityOf('record'), described('record', endpoints), nodes.url)
    assertStatus(await agent.register({ capability_summary: { skills: ['count'] } }), 201)
    await nodes.everywhere('known', agent.id, ({ status }) => status === 200)
    for (const url of nodes.urls) {
      const { body } = await nodes.get(agent.id, url)
      const texts = [
        'entity_id',
        'name',
        'owner',
        'entity_type',
        'entity_url',
        'url',
        'category',
        'summary',
        'public_key',
      ]
      const more = [
        'home_registry',
        'schema_version',
        'registered_at',
        'created_at',
        'updated_at',
        'signature',
        'status',
      ]
      const given = ['developer_id', 'service_endpoint', 'openapi_url']
      for (const field of [...texts, ...more, ...given]) assert.equal(typeof body[field], 'string', field)
      for (const field of ['ttl', 'entity_index']) assert.equal(typeof body[field], 'number', field)
      assert.equal(body.url, body.entity_url)
      assert.equal(body.owner, agent.identity.developer.developerId)
      assert.deepEqual(body.tags, agent.description.tags)
      assert.ok('last_heartbeat' in body && 'entity_pricing' in body && 'capability_summary' in body)
      for (const time of ['registered_at', 'created_at', 'updated_at']) {
        assert.ok(Math.abs(Date.parse(String(body[time])) - Date.now()) < 60_000, time)
      }
    }
  })

  test('Z4.1-diff, Z5-start: an unchanged agent that starts again, on any node, sends no update', async () => {
    const endpoints = { service_endpoint: 'http://127.0.0.1:5001', openapi_url: 'http://127.0.0.1:5001/openapi.json' }
    for (const make of [TypeScriptAgent, PythonAgent]) {
      const about = described(`unchanged ${make.name}`, { ...endpoints, tags: ['b', 'a', 'C'] })
      const agent = new make(identityOf(about.name), about, nodes.url)
      await agent.start()
      assert.deepEqual(agent.steps.slice(1), ['GET 404', 'POST 201'])
      await nodes.status(agent.id, 'active')
      for (const url of nodes.urls) {
        await agent.moveTo(url)
        assert.deepEqual(agent.steps.slice(1), ['GET 200'])
      }
      agent.stop()
    }
  })

  test('Z5-update, Z4.1-put: another summary is one PUT of that field, 200 with JSON, and shown everywhere', async () => {
    for (const make of [TypeScriptAgent, PythonAgent]) {
      const agent = new make(identityOf(`changing ${make.name}`), described(`changing ${make.name}`), nodes.url)
      await agent.start()
      agent.description = { ...agent.description, summary: 'Größer 🤖 now.', tags: ['other'] }
      await agent.moveTo(nodes.urlOf(1))
      assert.deepEqual(agent.steps.slice(1), ['GET 200', 'PUT tags,summary 200'])
      const isNew = ({ body }: Reply): boolean =>
        body.summary === 'Größer 🤖 now.' && JSON.stringify(body.tags) === '["other"]'
      await nodes.everywhere('the new summary', agent.id, isNew)
      agent.stop()
    }
  })

  test('Z4.1-put-errors: 401 for a wrong key, 404 for an unknown entity', async () => {
    const agent = typescript('put errors')
    assertStatus(await agent.update({ summary: 'Nobody.' }), 404)
    assertStatus(await agent.register(), 201)
    const stranger = updateOf(new Key('a stranger'), { summary: 'Mine now.' })
    const headers = { ...JSON_TYPE, Authorization: stranger.authorization }
    const reply = await fetchCall(agent.entityUrl, { method: 'PUT', body: stranger.body, headers })
    assert.deepEqual([reply.status, reply.body.error], [401, 'signature_invalid'])
    assert.equal((await nodes.get(agent.id)).body.summary, agent.description.summary)
  })

  test('Z4.1-delete, Z10-must: 200, then 404 everywhere; 404 for an unknown entity', async () => {
    const identity = identityOf('to be ended')
    assertStatus(await deregister(nodes.url, identity, identity.key), 404)
    assertStatus(await register(nodes.url, identity, described('to be ended'), true), 201)
    assertStatus(await deregister(nodes.urlOf(1), identity, identity.key), 200)
    await nodes.everywhere('gone', idOf(identity), ({ status }) => status === 404)
    assertStatus(await deregister(nodes.url, identity, identity.key), 404)
  })

  test('Z4.1-list: by type and category, 500 at a time, with their count', async () => {
    const listed = ['agent', 'service'] as const
    for (const type of listed) {
      const identity = identityOf(`listed ${type}`, type)
      const about = described(`listed-${type}`, { category: 'listing' })
      assertStatus(await postJson(`${nodes.url}/v1/entities`, registration(identity, about)), 201)
    }
    const list = async (query: string): Promise<Reply> => fetchCall(`${nodes.url}/v1/entities?${query}`)
    const all = await list('category=listing&limit=500&offset=0')
    assert.deepEqual([all.status, all.body.count, listOf(all.body.entities).length], [200, 2, 2])
    for (const type of listed) {
      const { body } = await list(`type=${type}&category=listing&limit=500`)
      assert.deepEqual(
        listOf(body.entities).map((entity) => entity.name),
        [`listed-${type}`],
      )
    }
    const second = await list('category=listing&limit=1&offset=1')
    assert.equal(listOf(second.body.entities).length, 1)
  })

  test('Z4.1-late: an agent that was refused beats an unknown id until it is registered after all', async () => {
    for (const agent of [typescript('late ts'), python('late py')]) {
      agent.beat()
      await until(5_000, 'refused twice', async () => agent.ends.filter((end) => end.includes('404')).length >= 2)
      assertStatus(await agent.register(), 201)
      await nodes.status(agent.id, 'active', 8_000)
      agent.stop()
    }
  })
})

describe('section 4.5, the command', () => {
  test('Z4.5-cli: info and status print what they read, before and after the first beat', async () => {
    const agent = typescript('printed')
    assert.equal(await printStatus(nodes.url, agent.id), 'not registered')
    assertStatus(await agent.register(), 201)
    assert.match(await printStatus(nodes.url, agent.id), /^printed yellow http:\/\/127\.0\.0\.1:5000 null$/)
    agent.beat()
    await nodes.status(agent.id, 'active')
    assert.match(await printStatus(nodes.url, agent.id), /^printed green http:\S+ \d{4}-\d\d-\d\dT/)
    const { lines } = await printInfo(nodes.url, agent.id)
    assert.deepEqual(
      lines.filter((line) => /undefined|null/.test(line)),
      [],
    )
    agent.stop()
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entityIdOf, formatKey, type JsonObject, parseEntityId } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { SearchAnswerSchema } from '../src/views/schemas.ts'
import { signatureOf, signedCard, startAgent } from './support/agent.ts'
import { assertConforms } from './support/conforms.ts'
import { enrol, type Harness, postJson, startGateway } from './support/harness.ts'
import { signerOf } from './support/keys.ts'
import { until } from './support/within.ts'

const near = { cardsFromPrivateAddresses: true }
const key = signerOf(1)

/** Registers the holder of `key` with this URL. */
const enrolAt = ({ registry }: Harness, url: string, fields: JsonObject = {}) =>
  enrol(registry, 1, { entity_url: url, public_key: formatKey(key.publicKey), ...fields })

const cardOf = ({ url }: Harness, id: string) => fetch(`${url}/v1/entities/${id}/card`)

test('a card is served as the agent wrote it, verified, and fetched once an hour', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near, { clock })
  // Python's spaces and numbers: parsed and written again, neither text nor signature would hold.
  const fields = '"weights":[1.0,1e-07,-0.0,12345678901234567890]'
  const identity = `"x-zynd":{"entityId":"${entityIdOf('agent', key.publicKey)}","publicKey":"${formatKey(key.publicKey)}"}`
  const signature = JSON.stringify(signatureOf(key, `{"name":"Größe ☃",${fields},${identity}}`))
  const card = `{ "signatures": [${signature}], "name": "Gr\\u00f6\\u00dfe ☃", ${identity}, ${fields} }`
  agent.serve(card)
  const id = enrolAt(gateway, agent.url)
  const first = await cardOf(gateway, encodeURIComponent(id))
  assert.equal(first.status, 200)
  assert.equal(await first.text(), card)
  const { headers } = first
  assert.deepEqual(
    [headers.get('x-card-signature'), headers.get('age'), headers.get('x-card-stale')],
    ['verified', '0', null],
  )
  assert.match(headers.get('content-type') ?? '', /^application\/json/)
  clock.advance(3_599_000)
  const second = await cardOf(gateway, id)
  assert.deepEqual([second.status, second.headers.get('age')], [200, '3599'])
  assert.deepEqual(agent.asked, ['/.well-known/agent-card.json'])
  const status = await (await fetch(`${gateway.url}/v1/network/status`)).json()
  assert.equal(status.cached_cards, 1)
  clock.advance(1_000)
  await cardOf(gateway, id)
  assert.equal(agent.asked.length, 2)
})

test('an agent that went away is shown by its last card, with its age', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near, { clock })
  const card = signedCard(key)
  agent.serve(card)
  const id = enrolAt(gateway, agent.url)
  await cardOf(gateway, id)
  await agent.stop()
  clock.advance(7_200_000)
  const response = await cardOf(gateway, id)
  assert.deepEqual(
    [response.status, response.headers.get('age'), response.headers.get('x-card-stale'), await response.text()],
    [200, '7200', 'true', card],
  )
})

test('an agent that cannot be reached and was never seen is a 404 with the reason, and left in peace for a moment', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near, { clock })
  const id = enrolAt(gateway, agent.url)
  const response = await cardOf(gateway, id)
  const { error, details } = await response.json()
  assert.deepEqual([response.status, error, details], [404, 'card_unavailable', { reason: 'status', status: 404 }])
  assert.deepEqual(agent.asked, [
    '/.well-known/agent-card.json',
    '/.well-known/zynd-agent.json',
    '/.well-known/agent.json',
  ])
  assert.equal((await cardOf(gateway, id)).status, 404)
  assert.equal(agent.asked.length, 3)
  clock.advance(10_000)
  agent.serve((request, answer) => {
    if (request.url === '/.well-known/agent.json') answer.end(signedCard(key))
    else answer.end('<html>every page of this site is this one</html>')
  })
  assert.equal((await cardOf(gateway, id)).status, 200)
  await agent.stop()
  const unknown = await cardOf(gateway, `zns:${'0'.repeat(32)}`)
  assert.deepEqual([unknown.status, (await unknown.json()).error], [404, 'entity_not_found'])
})

test('a URL that names the card is fetched as it is', async (t) => {
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near)
  agent.serve(signedCard(key))
  const id = enrolAt(gateway, `${agent.url}/me.json?v=2`)
  assert.equal((await cardOf(gateway, id)).status, 200)
  assert.deepEqual(agent.asked, ['/me.json?v=2'])
})

test('a card that is not the word of the registered key is never served', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near, { clock })
  const id = enrolAt(gateway, agent.url)
  const own = entityIdOf('agent', key.publicKey)
  const other = signerOf(2)
  const lies: readonly string[] = [
    signedCard(key).replace('Stocks', 'Bonds'),
    signedCard(other),
    signedCard(other, { 'x-zynd': { entityId: own, publicKey: formatKey(key.publicKey) } }),
    signedCard(key, { 'x-zynd': { entityId: own, publicKey: formatKey(other.publicKey) } }),
    signedCard(key).replace('"name":"Stocks"', '"name":"Bonds","name":"Stocks"'),
    signedCard(key).replace('"kid":"ed25519:', '"kid":"ed25519:A'),
    JSON.stringify({ name: 'Stocks', 'x-zynd': { entityId: `zns:${'0'.repeat(32)}` } }),
    JSON.stringify({ name: 'Stocks', signatures: 'yes' }),
  ]
  for (const lie of lies) {
    agent.serve(lie)
    const response = await cardOf(gateway, id)
    assert.deepEqual([response.status, (await response.json()).error], [404, 'card_invalid'], lie)
    clock.advance(10_000)
  }
  agent.serve(JSON.stringify({ name: 'Stocks', skills: [] }))
  const unsigned = await cardOf(gateway, id)
  assert.deepEqual([unsigned.status, unsigned.headers.get('x-card-signature')], [200, 'unsigned'])
  clock.advance(3_600_000)
  agent.serve(lies[0] ?? '')
  assert.equal((await cardOf(gateway, id)).headers.get('x-card-stale'), 'true')
})

test('a service whose card bears the id that its key has as an agent is itself', async (t) => {
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near)
  agent.serve(signedCard(key))
  const id = enrolAt(gateway, agent.url, { entity_type: 'service' })
  assert.match(id, /^zns:svc:/)
  assert.equal((await cardOf(gateway, id)).headers.get('x-card-signature'), 'verified')
})

test('a card over the limit is refused by a code, whether its length was announced or not', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const gateway = await startGateway(t, { ...near, cardBytesMax: 2_000 }, { clock })
  const id = enrolAt(gateway, agent.url)
  const large = signedCard(key, { description: 'x'.repeat(2_000) })
  for (const announce of [true, false]) {
    agent.serve((_request, response) => {
      if (announce) response.setHeader('content-length', large.length)
      response.write(large.slice(0, 1_500))
      response.end(large.slice(1_500))
    })
    const response = await cardOf(gateway, id)
    assert.deepEqual([response.status, (await response.json()).error], [404, 'card_too_large'])
    clock.advance(10_000)
  }
})

test('an agent that does not answer costs its time limit, and one fetch serves all who ask meanwhile', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const gateway = await startGateway(t, near, { clock })
  const id = enrolAt(gateway, agent.url)
  agent.serve(() => {})
  const asked = [1, 2, 3, 4].map(() => cardOf(gateway, id))
  await until('the fetch', () => agent.asked.length === 1)
  await fetch(`${gateway.url}/health`)
  clock.advance(5_000)
  for (const response of await Promise.all(asked)) {
    assert.deepEqual([response.status, (await response.json()).details.reason], [404, 'timeout'])
  }
  assert.equal(agent.asked.length, 1)
})

test('waiting for a turn is part of the time limit, and no fault of the agent', async (t) => {
  const clock = new ManualClock()
  const slow = await startAgent(t)
  const agent = await startAgent(t)
  const gateway = await startGateway(t, { ...near, cardFetchesMax: 1 }, { clock })
  slow.serve(() => {})
  agent.serve(signedCard(key))
  const id = enrolAt(gateway, agent.url)
  const first = cardOf(gateway, enrol(gateway.registry, 9, { entity_url: slow.url }))
  await until('the fetch', () => slow.asked.length === 1)
  const second = cardOf(gateway, id)
  await fetch(`${gateway.url}/health`)
  clock.advance(5_000)
  const reasons = [await first, await second].map(async (response) => (await response.json()).details.reason)
  assert.deepEqual(await Promise.all(reasons), ['timeout', 'busy'])
  assert.deepEqual(agent.asked, [])
  assert.equal((await cardOf(gateway, id)).status, 200)
})

test('private addresses are refused unless the setting allows them', async (t) => {
  const agent = await startAgent(t)
  const gateway = await startGateway(t)
  const spellings = [
    agent.url,
    `http://localhost:${agent.port}`,
    `http://0x7f.1:${agent.port}`,
    `http://[::ffff:127.0.0.1]:${agent.port}`,
  ]
  for (const [seed, url] of spellings.entries()) {
    const response = await cardOf(gateway, enrol(gateway.registry, seed + 1, { entity_url: url }))
    const { error, details } = await response.json()
    assert.deepEqual([response.status, error, details.reason], [404, 'card_unavailable', 'private_address'], url)
  }
  assert.deepEqual(agent.asked, [])
})

test('a search that asks for cards gets those that are held or come soon', async (t) => {
  const clock = new ManualClock()
  const agent = await startAgent(t)
  const slow = await startAgent(t)
  const gateway = await startGateway(t, near, { clock })
  agent.serve(signedCard(key))
  slow.serve(() => {})
  const id = enrolAt(gateway, agent.url)
  const lazy = enrol(gateway.registry, 9, { entity_url: slow.url })
  const plain = await (await postJson(`${gateway.url}/v1/search`, { enrich: false })).json()
  assert.ok(plain.results.every((hit: JsonObject) => !('card' in hit)))
  assert.deepEqual(agent.asked, [])
  const searching = postJson(`${gateway.url}/v1/search`, { enrich: true })
  await until('both fetches', () => agent.asked.length === 1 && slow.asked.length === 1)
  await until('the first card', () => gateway.metrics.gauged('cards_cached') === 1)
  clock.advance(500)
  const body = await (await searching).json()
  assertConforms(SearchAnswerSchema, body)
  const hitOf = (of: string) => body.results.find((hit: JsonObject) => parseEntityId(String(hit.entity_id)) === of)
  assert.deepEqual([hitOf(id).card.name, hitOf(id).card_signature], ['Stocks', 'verified'])
  assert.ok(!('card' in hitOf(lazy)))
})

test('a card that is never kept is fetched each time, and not called stale', async (t) => {
  const agent = await startAgent(t)
  const gateway = await startGateway(t, { ...near, cardMaxAgeSeconds: 0 })
  agent.serve(signedCard(key))
  const id = enrolAt(gateway, agent.url)
  for (const fetches of [1, 2]) {
    assert.equal((await cardOf(gateway, id)).headers.get('x-card-stale'), null)
    assert.equal(agent.asked.length, fetches)
  }
})

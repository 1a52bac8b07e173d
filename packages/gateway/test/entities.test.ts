import assert from 'node:assert/strict'
import { test } from 'node:test'
import { entityIdOf, fail, formatKey, formatSignedRequest, nativePayload } from '@rollcall/protocol'
import { EntitySchema } from '../src/views/schemas.ts'
import { assertConforms } from './support/conforms.ts'
import { enrol, postJson, registration, SIGNATURE, startGateway } from './support/harness.ts'
import { NODE, OTHER_NODE, unknown, WALL_MS } from './support/scripted-registry.ts'

const put = (url: string, body: string, authorization?: string) =>
  fetch(url, { method: 'PUT', body, headers: authorization === undefined ? {} : { authorization } })

test('a Zynd registration answers 201 with the whole record, signed bytes untouched', async (t) => {
  const { registry, url } = await startGateway(t)
  const text = `  ${JSON.stringify(registration(1), null, 3)}\n`
  const response = await fetch(`${url}/v1/entities`, { method: 'POST', body: text })
  assert.equal(response.status, 201)
  const body = await response.json()
  assert.equal(body.entity_id, entityIdOf('agent', new Uint8Array(32).fill(1)))
  assert.equal(body.message, 'registered')
  const { message: _, ...entity } = body
  assertConforms(EntitySchema, entity)
  assert.equal(registry.calls[0]?.act?.text, text)
  assert.equal(registry.calls[0]?.act?.form, 'zynd')
  assert.equal(registry.calls[0]?.context?.requestId, response.headers.get('x-request-id'))
  assert.equal(registry.calls[0]?.context?.address, '127.0.0.1')
})

test('a record shows every field Zynd reads, and none that was not registered', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 2)
  const body = await (await fetch(`${url}/v1/entities/${id}`)).json()
  assertConforms(EntitySchema, body)
  assert.equal(body.url, body.entity_url)
  assert.equal(body.owner, id)
  assert.equal(body.registered_at, new Date(WALL_MS).toISOString())
  assert.equal(body.created_at, body.registered_at)
  assert.equal(body.status, 'active')
  assert.equal(body.last_heartbeat, new Date(1_790_000_001_000).toISOString())
  assert.equal(body.signature, SIGNATURE)
  assert.equal(body.incarnation, `${WALL_MS}.0.${NODE}`)
  assert.match(body.home_registry, /^zns:registry:[0-9a-f]{32}$/)
  assert.deepEqual(body.tags, ['stocks', 'news'])
  // An absent field must stay absent, or Zynd's SDK sends an update at every start.
  for (const field of ['service_endpoint', 'openapi_url', 'entity_pricing', 'developer_id', 'fqan']) {
    assert.ok(!(field in body), field)
  }
})

test('a service without service_endpoint shows its entity_url there; a developer shows with the proof', async (t) => {
  const { url } = await startGateway(t)
  const developer_proof = {
    developer_public_key: formatKey(new Uint8Array(32).fill(9)),
    entity_index: 7,
    developer_signature: SIGNATURE,
  }
  const response = await postJson(`${url}/v1/entities`, registration(3, { entity_type: 'service', developer_proof }))
  const body = await response.json()
  assert.match(body.entity_id, /^zns:svc:/)
  assert.equal(body.service_endpoint, body.entity_url)
  assert.match(body.developer_id, /^zns:dev:/)
  assert.equal(body.owner, body.developer_id)
  assert.equal(body.entity_index, 7)
  assert.deepEqual(body.developer_proof, developer_proof)
})

test('ids are taken with literal and percent-encoded colons, and under //v1', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 4)
  for (const path of [
    `/v1/entities/${id}`,
    `/v1/entities/${encodeURIComponent(id)}`,
    `//v1/entities/${id}`,
    `/v1/entities/${id}/`,
  ]) {
    const response = await fetch(url + path, { redirect: 'manual' })
    assert.equal(response.status, 200, path)
  }
})

test('an unknown entity is asked of peers first (L7), unless the caller wants what is here', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = entityIdOf('agent', new Uint8Array(32).fill(5))
  assert.equal((await fetch(`${url}/v1/entities/${id}?consistency=local`)).status, 404)
  assert.deepEqual(registry.located, [])
  const response = await fetch(`${url}/v1/entities/${id}`)
  assert.equal(response.status, 404)
  assert.equal((await response.json()).error, 'entity_not_found')
  assert.deepEqual(registry.located, [id])
  // Asked for again at once, it is not asked of peers again.
  assert.equal((await fetch(`${url}/v1/entities/${id}`)).status, 404)
  assert.deepEqual(registry.located, [id])
})

test('a deregistered entity answers 404 with when it ended and when it is forgotten', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 6)
  const details = { deregistered_at: '2026-09-21T00:00:00.000Z', purge_after: '2026-09-22T00:00:00.000Z' }
  registry.onEntity = async () => fail('entity_deregistered', 'the entity was deregistered', details)
  const response = await fetch(`${url}/v1/entities/${id}`)
  assert.equal(response.status, 404)
  const body = await response.json()
  assert.equal(body.error, 'entity_deregistered')
  assert.deepEqual(body.details, details)
})

test('a second registration is 409; no other refusal contains "409" (zynd-wire §4.1)', async (t) => {
  const { registry, url } = await startGateway(t)
  await postJson(`${url}/v1/entities`, registration(7))
  const again = await postJson(`${url}/v1/entities`, registration(7))
  assert.equal(again.status, 409)
  assert.equal((await again.json()).error, 'already_registered')
  registry.onAct = () => fail('id_mismatch', 'the key gives zns:40900000000000000000000000000409', { at: 409 })
  for (let i = 0; i < 50; i++) {
    const refused = await postJson(`${url}/v1/entities`, registration(8))
    assert.equal(refused.status, 422)
    assert.ok(!(await refused.text()).includes('409'))
  }
})

test('native requests are recognised by their payload, for all three acts', async (t) => {
  const { registry, url } = await startGateway(t, { zyndSignatures: false })
  const { signature: _, ...fields } = registration(9)
  const payload = (body: object) => nativePayload({ body: { ...body }, issuedAtMs: 5, nonce: 'n' })
  const native = (kind: 'register' | 'update' | 'deregister', body: object, by: 'entity' | 'developer' = 'entity') =>
    formatSignedRequest({ kind, form: 'native', by, text: payload(body), signature: new Uint8Array(64).fill(1) })
  const created = await fetch(`${url}/v1/entities`, { method: 'POST', body: native('register', fields) })
  assert.equal(created.status, 201)
  const { entity_id: id } = await created.json()
  assert.equal((await put(`${url}/v1/entities/${id}`, native('update', { entity_id: id }, 'developer'))).status, 200)
  const gone = await fetch(`${url}/v1/entities/${id}`, {
    method: 'DELETE',
    body: native('deregister', { entity_id: id }),
  })
  assert.equal(gone.status, 200)
  const answer = await gone.json()
  assert.equal(answer.entity_id, id)
  assert.equal(answer.deregistered_at, new Date(WALL_MS + 5).toISOString())
  assert.deepEqual(
    registry.calls.map(({ act }) => [act?.kind, act?.form, act?.by]),
    [
      ['register', 'native', 'entity'],
      ['update', 'native', 'developer'],
      ['deregister', 'native', 'entity'],
    ],
  )
})

test('a PUT signs its raw body in the Authorization header: entity key first, then the developer', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 10)
  const body = `{"name":"B","signature":"${SIGNATURE}"}`
  assert.equal((await put(`${url}/v1/entities/${id}`, body, `Bearer ${SIGNATURE}`)).status, 200)
  assert.deepEqual(
    registry.calls.map(({ act }) => act?.by),
    ['entity'],
  )
  assert.equal(registry.calls[0]?.act?.text, body)
  registry.onAct = (_name, act) => (act.by === 'entity' ? fail('signature_invalid', 'not the entity') : undefined)
  assert.equal((await put(`${url}/v1/entities/${id}`, body, `bearer ${SIGNATURE}`)).status, 200)
  assert.deepEqual(
    registry.calls.map(({ act }) => act?.by),
    ['entity', 'entity', 'developer'],
  )
  registry.onAct = (_name, act) =>
    act.by === 'entity' ? fail('signature_invalid', 'not the entity') : fail('forbidden', 'no developer')
  const refused = await put(`${url}/v1/entities/${id}`, body, `Bearer ${SIGNATURE}`)
  assert.equal(refused.status, 401)
  assert.equal((await refused.json()).message, 'not the entity')
  registry.calls.length = 0
  await put(`${url}/v1/entities/${id}`, body, `Bearer-Dev ${SIGNATURE}`)
  assert.deepEqual(
    registry.calls.map(({ act }) => act?.by),
    ['developer'],
  )
})

test("the body of the MCP server's bug is a PUT that changes nothing: 200", async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 11)
  const response = await put(`${url}/v1/entities/${id}`, `{"signature":"${SIGNATURE}"}`, `Bearer ${SIGNATURE}`)
  assert.equal(response.status, 200)
  assert.equal((await response.json()).entity_id, id)
})

test('a DELETE takes either key under either scheme', async (t) => {
  const { registry, url } = await startGateway(t)
  registry.onAct = (_name, act) => (act.by === 'entity' ? fail('signature_invalid', 'not the entity') : undefined)
  for (const scheme of ['Bearer', 'Bearer-Dev']) {
    const id = enrol(registry, 12)
    const headers = { authorization: `${scheme} ${SIGNATURE}`, 'content-type': 'application/json' }
    const response = await fetch(`${url}/v1/entities/${encodeURIComponent(id)}`, { method: 'DELETE', headers })
    assert.equal(response.status, 200, scheme)
    assert.deepEqual(
      registry.calls.splice(0).map(({ act }) => [act?.by, act?.text]),
      [
        ['entity', ''],
        ['developer', ''],
      ],
    )
  }
})

test('a write about an entity that only a peer knows is fetched and tried again (L7)', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 13)
  const view = registry.entities.get(id)
  registry.entities.clear()
  registry.onLocate = async () => {
    if (view === undefined) return unknown(id)
    registry.entities.set(id, view)
    return { ok: true, value: view }
  }
  assert.equal((await put(`${url}/v1/entities/${id}`, '{"name":"C"}', `Bearer ${SIGNATURE}`)).status, 200)
  assert.deepEqual(registry.located, [id])
})

test('an unsigned, an unreadable and a refused signature are told apart', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 14)
  const codeOf = async (authorization?: string) => {
    const response = await put(`${url}/v1/entities/${id}`, '{"name":"C"}', authorization)
    return [response.status, (await response.json()).error]
  }
  assert.deepEqual(await codeOf(), [401, 'unauthenticated'])
  assert.deepEqual(await codeOf('Basic abc'), [401, 'unauthenticated'])
  assert.deepEqual(await codeOf('Bearer ed25519:short'), [401, 'signature_invalid'])
  assert.deepEqual(registry.calls, [])
})

test('L10 with zyndSignatures off, what can be replayed is forbidden, by the name of the setting', async (t) => {
  const { registry, url } = await startGateway(t, { zyndSignatures: false })
  const id = enrol(registry, 15)
  const authorization = `Bearer ${SIGNATURE}`
  for (const response of [
    await postJson(`${url}/v1/entities`, registration(16)),
    await put(`${url}/v1/entities/${id}`, '{"name":"C"}', authorization),
    await fetch(`${url}/v1/entities/${id}`, { method: 'DELETE', headers: { authorization } }),
  ]) {
    assert.equal(response.status, 403)
    const body = await response.json()
    assert.equal(body.error, 'forbidden')
    assert.match(body.message, /security\.zynd_signatures/)
  }
  assert.deepEqual(registry.calls, [])
})

test('the list pages, filters by type and says how many there are', async (t) => {
  const { registry, url } = await startGateway(t)
  for (let seed = 20; seed < 25; seed++) enrol(registry, seed, seed === 24 ? { entity_type: 'service' } : {})
  const page = await (await fetch(`${url}/v1/entities?limit=2&offset=2`)).json()
  assert.equal(page.count, 2)
  assert.equal(page.total, 5)
  assert.equal(page.has_more, true)
  assert.equal(page.entities.length, 2)
  const services = await (await fetch(`${url}/v1/entities?type=service&limit=500`)).json()
  assert.equal(services.count, 1)
  assert.equal(services.has_more, false)
  assert.equal((await fetch(`${url}/v1/entities?type=person`)).status, 422)
  assert.equal((await fetch(`${url}/v1/entities?limit=-1`)).status, 422)
})

test('health, attendant and duplicate_instance are shown as the registry says', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 26)
  const view = registry.entities.get(id)
  assert.ok(view !== undefined)
  registry.entities.set(id, { ...view, attendant: OTHER_NODE, duplicateInstance: true, health: { cpu: 0.5 } })
  const body = await (await fetch(`${url}/v1/entities/${id}`)).json()
  assert.equal(body.attendant, OTHER_NODE)
  assert.equal(body.duplicate_instance, true)
  assert.deepEqual(body.health, { cpu: 0.5 })
})

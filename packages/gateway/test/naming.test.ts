import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { DeveloperView, EntityView } from '@rollcall/core'
import {
  type DeveloperId,
  developerIdOf,
  fail,
  formatKey,
  formatSignedRequest,
  type JsonObject,
  nativePayload,
} from '@rollcall/protocol'
import {
  BindingSchema,
  DeveloperSchema,
  HandleSchema,
  ResolvedSchema,
  VersionSchema,
} from '../src/views/naming-schemas.ts'
import { EntitySchema } from '../src/views/schemas.ts'
import { assertConforms } from './support/conforms.ts'
import { enrol, postJson, SIGNATURE, startGateway } from './support/harness.ts'
import { type ScriptedRegistry, stampAt, WALL_MS } from './support/scripted-registry.ts'

const KEY = new Uint8Array(32).fill(9)
const ID: DeveloperId = developerIdOf(KEY)
const BEARER = { authorization: `Bearer ${SIGNATURE}` }

const developer = (change: Partial<DeveloperView> = {}): DeveloperView => ({
  id: ID,
  publicKey: KEY,
  record: undefined,
  profile: { name: 'Alice', profileUrl: '', github: '' },
  handle: 'alice',
  handleConflict: undefined,
  entities: 1,
  since: stampAt(WALL_MS),
  stamp: stampAt(WALL_MS),
  ...change,
})

/** A registry with a developer and an entity that bears the name `alice/stocks`. */
const withName = (registry: ScriptedRegistry): EntityView => {
  registry.developers.set(ID, developer())
  const proof = { developer_public_key: formatKey(KEY), entity_index: 0, developer_signature: SIGNATURE }
  const id = enrol(registry, 1, { entity_name: 'stocks', version: '1.2.0', developer_proof: proof })
  const view = registry.entities.get(id)
  assert.ok(view)
  const named = { ...view, developerHandle: 'alice', fqan: 'rollcall/alice/stocks' }
  registry.entities.set(id, named)
  registry.names.set('alice/stocks', named)
  return named
}

const native = (body: JsonObject): string =>
  formatSignedRequest({
    kind: 'claim_handle',
    form: 'native',
    by: 'developer',
    text: nativePayload({ body, issuedAtMs: 5, nonce: 'n' }),
    signature: new Uint8Array(64).fill(1),
  })

describe('developers, handles and names over HTTP (zynd-wire §4.3)', () => {
  test('every answer has the shape that is described', async (t) => {
    const { registry, url } = await startGateway(t)
    const { id } = withName(registry)
    const read = async (path: string) => {
      const response = await fetch(url + path)
      assert.equal(response.status, 200, path)
      return response.json()
    }
    assertConforms(DeveloperSchema, await read(`/v1/developers/${ID}`))
    assertConforms(DeveloperSchema, await read(`/v1/developers/${encodeURIComponent(ID)}`))
    assertConforms(HandleSchema, await read('/v1/handles/alice'))
    assertConforms(BindingSchema, await read('/v1/names/alice/stocks'))
    assertConforms(ResolvedSchema, await read('/v1/resolve/alice/stocks'))
    for (const version of await read('/v1/names/alice/stocks/versions')) assertConforms(VersionSchema, version)
    for (const what of ['entities', 'agents']) {
      const names = await read(`/v1/handles/alice/${what}`)
      assert.equal(names.length, 1)
      assertConforms(BindingSchema, names[0])
      assert.deepEqual(await read(`/v1/handles/alice/${what}?offset=1`), [])
      const of = await read(`/v1/developers/${ID}/${what}`)
      assert.equal(of.entities[0].entity_id, id)
    }
    const entity = await read(`/v1/entities/${id}`)
    assertConforms(EntitySchema, entity)
    assert.deepEqual([entity.fqan, entity.developer_handle], ['rollcall/alice/stocks', 'alice'])
  })

  test('a conflict is told in the view of who lost, with its code', async (t) => {
    const { registry, url } = await startGateway(t)
    const { id } = withName(registry)
    const view = registry.entities.get(id)
    assert.ok(view)
    const lost = fail('conflict_duplicate_name', 'the name stocks is held by another')
    registry.entities.set(id, { ...view, fqan: undefined, nameProblem: lost })
    registry.developers.set(ID, developer({ handle: undefined, handleConflict: { handle: 'alice', holder: ID } }))
    const entity = await (await fetch(`${url}/v1/entities/${id}`)).json()
    assertConforms(EntitySchema, entity)
    assert.deepEqual([entity.fqan, entity.name_error], [undefined, `conflict_duplicate_name: ${lost.message}`])
    const shown = await (await fetch(`${url}/v1/developers/${ID}`)).json()
    assertConforms(DeveloperSchema, shown)
    assert.match(shown.handle_error, /^conflict_duplicate_name: /)
    assert.equal(shown.dev_handle, undefined)
  })

  test('acts reach the registry as they were signed, each of its kind, by the developer', async (t) => {
    const { registry, url } = await startGateway(t)
    const { id } = withName(registry)
    const body = { public_key: formatKey(KEY), developer_id: ID, handle: 'alice', signature: SIGNATURE }
    const binding = { developer_handle: 'alice', entity_name: 'stocks', entity_id: id, signature: SIGNATURE }
    const put = (path: string, text: string) => fetch(url + path, { method: 'PUT', body: text, headers: BEARER })
    const remove = (path: string) => fetch(url + path, { method: 'DELETE', headers: BEARER })
    const statuses = [
      await postJson(`${url}/v1/developers`, { ...body, name: 'A' }),
      await put(`/v1/developers/${ID}`, ' {"name":"B"}'),
      await postJson(`${url}/v1/handles`, body),
      await remove('/v1/handles/alice'),
      await postJson(`${url}/v1/names`, binding),
      await put('/v1/names/alice/stocks', JSON.stringify(binding)),
      await remove('/v1/names/alice/stocks'),
      await remove(`/v1/developers/${ID}`),
      await fetch(`${url}/v1/handles`, { method: 'POST', body: native({ developer_id: ID, handle: 'alice' }) }),
    ].map(({ status }) => status)
    assert.deepEqual(statuses, [201, 200, 201, 200, 201, 200, 200, 200, 201])
    assert.deepEqual(
      registry.calls.map(({ act, id: about }) => [act?.kind, act?.form, act?.by, about]),
      [
        ['register_developer', 'zynd', 'developer', ID],
        ['update_developer', 'zynd', 'developer', ID],
        ['claim_handle', 'zynd', 'developer', ID],
        ['release_handle', 'zynd', 'developer', ID],
        ['bind_name', 'zynd', 'developer', id],
        ['bind_name', 'zynd', 'developer', id],
        ['release_name', 'zynd', 'developer', id],
        ['deregister_developer', 'zynd', 'developer', ID],
        ['claim_handle', 'native', 'developer', ID],
      ],
    )
    const texts = registry.calls.map(({ act }) => act?.text)
    assert.equal(texts[1], ' {"name":"B"}')
    assert.equal(texts[3], 'release:alice')
    assert.equal(texts[6], 'release:rollcall/alice/stocks')
    assert.equal(texts[7], '')
  })

  test('what is missing, unsigned or not what its address says is refused before the registry is asked', async (t) => {
    const { registry, url } = await startGateway(t)
    const { id } = withName(registry)
    const codeOf = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
      const response = await fetch(url + path, { method, headers, ...(body === undefined ? {} : { body }) })
      return [response.status, (await response.json()).error]
    }
    const named = (fields: JsonObject) => JSON.stringify({ signature: SIGNATURE, ...fields })
    assert.deepEqual(await codeOf('GET', '/v1/developers/zns:dev:nope'), [404, 'developer_not_found'])
    assert.deepEqual(await codeOf('GET', `/v1/developers/${id}`), [404, 'developer_not_found'])
    assert.deepEqual(await codeOf('GET', '/v1/handles/nobody'), [404, 'not_found'])
    assert.deepEqual(await codeOf('GET', '/v1/names/alice/bonds'), [404, 'not_found'])
    assert.deepEqual(await codeOf('GET', '/v1/resolve/nobody/stocks'), [404, 'not_found'])
    assert.deepEqual(await codeOf('POST', '/v1/developers', 'no json'), [400, 'malformed'])
    assert.deepEqual(await codeOf('POST', '/v1/developers', '{"name":"A"}'), [401, 'unauthenticated'])
    assert.deepEqual(await codeOf('POST', '/v1/developers', '{"signature":"x"}'), [401, 'signature_invalid'])
    assert.deepEqual(await codeOf('POST', '/v1/developers', named({})), [422, 'validation_failed'])
    const mixed = named({ public_key: formatKey(new Uint8Array(32).fill(8)), developer_id: ID })
    assert.deepEqual(await codeOf('POST', '/v1/developers', mixed), [422, 'id_mismatch'])
    assert.deepEqual(await codeOf('POST', '/v1/names', named({ entity_name: 'a' })), [404, 'entity_not_found'])
    assert.deepEqual(await codeOf('DELETE', '/v1/handles/alice'), [401, 'unauthenticated'])
    assert.deepEqual(await codeOf('DELETE', '/v1/handles/alice', undefined, { authorization: 'Basic x' }), [
      401,
      'unauthenticated',
    ])
    const other = native({ developer_id: ID, handle: 'bob' })
    assert.deepEqual(await codeOf('DELETE', '/v1/handles/alice', other), [422, 'validation_failed'])
    const elsewhere = named({ entity_name: 'bonds', entity_id: id })
    assert.deepEqual(await codeOf('PUT', '/v1/names/alice/stocks', elsewhere), [422, 'validation_failed'])
    assert.deepEqual(registry.calls, [])
  })

  test('verification is the holder’s to ask for, and is never faked', async (t) => {
    const { registry, url } = await startGateway(t)
    withName(registry)
    const verify = async (body: string, headers: Record<string, string> = BEARER) => {
      const response = await fetch(`${url}/v1/handles/alice/verify`, { method: 'POST', body, headers })
      return [response.status, (await response.json()).error]
    }
    assert.deepEqual(await verify('{"method":"dns","proof":"a.example"}', {}), [401, 'unauthenticated'])
    assert.deepEqual(await verify('{"method":"dns","proof":"a.example"}'), [422, 'validation_failed'])
    registry.signed = false
    assert.deepEqual(await verify('{"method":"github","proof":"alice"}'), [401, 'signature_invalid'])
  })

  test('L10 with zyndSignatures off only the native form is taken; S4 a node that has not synced says so', async (t) => {
    const off = await startGateway(t, { zyndSignatures: false })
    withName(off.registry)
    const claim = { developer_id: ID, public_key: formatKey(KEY), handle: 'alice', signature: SIGNATURE }
    assert.equal((await postJson(`${off.url}/v1/handles`, claim)).status, 403)
    const released = await fetch(`${off.url}/v1/handles/alice`, { method: 'DELETE', headers: BEARER })
    assert.match((await released.json()).message, /security\.zynd_signatures/)
    const body = native({ developer_id: ID, handle: 'alice' })
    assert.equal((await fetch(`${off.url}/v1/handles`, { method: 'POST', body })).status, 201)
    off.registry.ready = { ready: false, reason: 'this node has not yet synced with the cluster' }
    for (const path of ['handles/alice', 'handles/alice/available', 'names/alice/stocks', 'resolve/alice/stocks']) {
      assert.equal((await fetch(`${off.url}/v1/${path}`)).status, 503, path)
    }
  })

  test('acts count as writes, of their address and of the key they are about', async (t) => {
    const { registry, url } = await startGateway(t, { writesPerAddressPerMinute: 3, writesPerKeyPerMinute: 2 })
    withName(registry)
    const claim = { developer_id: ID, public_key: formatKey(KEY), handle: 'alice', signature: SIGNATURE }
    const answers = []
    for (let i = 0; i < 4; i++) answers.push(await postJson(`${url}/v1/handles`, claim))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201, 201, 429, 429],
    )
    assert.equal(registry.calls.length, 2)
    const said = await Promise.all(answers.slice(2).map(async (answer) => (await answer.json()).message))
    assert.match(said[0], /this entity|this developer|about/)
    assert.match(said[1], /address/)
    assert.equal((await fetch(`${url}/v1/handles/alice`)).status, 200, 'reads are counted by themselves')
  })
})

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { nativeSigner } from '@rollcall/identity/node'
import { type RunningNode, startNode } from '@rollcall/node'
import {
  type ActKind,
  canonicalJson,
  developerIdOf,
  developerProofBytes,
  entityIdOf,
  formatKey,
  formatSignature,
  formatSignedRequest,
  goEscaped,
  type JsonObject,
  nativeActBytes,
  nativePayload,
  type Signer,
  utf8,
} from '@rollcall/protocol'
import { configIn, newFolder, removeFolders, until } from './node-kit.ts'

/** Zynd's clients against two real nodes: written on one, read on the other (zynd-wire.md §4.3). */
let one: RunningNode
let other: RunningNode
before(async () => {
  one = await startNode(configIn(newFolder()))
  other = await startNode(configIn(newFolder(), `mesh.join=${one.meshAddresses[0]}`))
  await until('both serve', async () => {
    const answers = await Promise.all([one, other].map(({ url }) => fetch(`${url}/ready`)))
    return answers.every(({ ok }) => ok) ? true : undefined
  })
})
after(async () => {
  await Promise.all([one.stop(), other.stop()])
  removeFolders()
})

const call = async (method: string, url: string, body?: string, authorization?: string) => {
  const headers = authorization === undefined ? {} : { authorization }
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) })
  return { status: response.status, body: await response.json() }
}
const get = (node: RunningNode, path: string) => call('GET', node.url + path)
const post = (node: RunningNode, path: string, body: JsonObject | string) =>
  call('POST', node.url + path, typeof body === 'string' ? body : JSON.stringify(body))

/** The answer of a node once it is one with this status: what was written elsewhere takes a moment. */
const eventually = (node: RunningNode, path: string, status = 200) =>
  until(`${path} answers ${status}`, async () => {
    const answer = await get(node, path)
    return answer.status === status ? answer : undefined
  })

let seeds = 0
const newKey = (): Signer => {
  const seed = new Uint8Array(32).fill(77)
  new DataView(seed.buffer).setUint32(0, ++seeds)
  return nativeSigner(seed)
}

class ZyndDeveloper {
  readonly key: Signer = newKey()
  readonly id = developerIdOf(this.key.publicKey)
  readonly publicKey = formatKey(this.key.publicKey)

  sign(text: string): string {
    return formatSignature(this.key.sign(utf8(text)))
  }

  bearer(text: string): string {
    return `Bearer ${this.sign(text)}`
  }

  /** S6, as a JavaScript client signs it or as a Go client does. */
  registration(name: string, form: (text: string) => string = (text) => text): JsonObject {
    const signable = { github: '', name, profile_url: '', public_key: this.publicKey }
    return { name, public_key: this.publicKey, signature: this.sign(form(canonicalJson(signable))) }
  }

  /** S9. */
  claim(handle: string): JsonObject {
    const signable = { developer_id: this.id, handle, public_key: this.publicKey }
    return { ...signable, signature: this.sign(canonicalJson(signable)) }
  }

  /** S4. `signedTags`: what a client signs that leaves an empty list out of the body. */
  binding(fields: JsonObject, signedTags: null | readonly string[] = null): JsonObject {
    const signable = { version: '', ...fields, capability_tags: fields.capability_tags ?? signedTags }
    return { ...fields, signature: this.sign(canonicalJson(signable)) }
  }

  native(kind: ActKind, body: JsonObject): string {
    const text = nativePayload({ body, issuedAtMs: Date.now(), nonce: `${seeds++}` })
    const signature = this.key.sign(nativeActBytes(kind, text))
    return formatSignedRequest({ kind, form: 'native', by: 'developer', text, signature })
  }

  /** Registers a new entity of this developer in Zynd's form, and returns the answer. */
  async enrol(node: RunningNode, fields: JsonObject = {}) {
    const entity = newKey()
    const signable = {
      category: 'finance',
      entity_url: 'http://127.0.0.1:9',
      name: `Agent ${seeds}`,
      public_key: formatKey(entity.publicKey),
      summary: '',
      tags: [],
    }
    const signature = formatSignature(entity.sign(utf8(canonicalJson(signable))))
    const developer_proof = {
      developer_public_key: this.publicKey,
      entity_index: 0,
      developer_signature: formatSignature(this.key.sign(developerProofBytes(entity.publicKey, 0))),
    }
    const answer = await post(node, '/v1/entities', {
      ...signable,
      signature,
      developer_id: this.id,
      developer_proof,
      ...fields,
    })
    assert.equal(answer.body.entity_id, entityIdOf('agent', entity.publicKey))
    return answer
  }
}

describe('N1, N2: developers and handles, as Zynd’s clients ask for them', () => {
  test('a developer registers, claims a handle, is shown on the other node, and ends', async () => {
    const alice = new ZyndDeveloper()
    assert.equal((await get(one, `/v1/developers/${alice.id}`)).body.error, 'developer_not_found')
    const registered = await post(one, '/v1/developers', { ...alice.registration('Alice'), handle: 'alice' })
    assert.equal(registered.status, 201)
    assert.equal(registered.body.developer_id, alice.id)
    // What the signature does not cover is not claimed, and the answer says how to.
    assert.equal(registered.body.dev_handle, undefined)
    assert.match(registered.body.handle_error, /POST \/v1\/handles/)
    assert.deepEqual((await post(one, '/v1/developers', alice.registration('Alice'))).body.error, 'already_registered')

    assert.deepEqual((await get(one, '/v1/handles/alice/available')).body, { handle: 'alice', available: true })
    const claimed = await post(one, '/v1/handles', alice.claim('alice'))
    assert.equal(claimed.status, 201)
    assert.deepEqual(claimed.body, { handle: 'alice', developer_id: alice.id, message: 'claimed' })
    assert.equal((await post(one, '/v1/handles', alice.claim('alice'))).status, 201)
    assert.equal((await post(one, '/v1/handles', alice.claim('alice-2'))).body.error, 'conflict_duplicate_name')

    const held = await eventually(other, '/v1/handles/alice')
    assert.deepEqual(held.body, {
      handle: 'alice',
      developer_id: alice.id,
      developer_name: 'Alice',
      verified: false,
      verification_method: 'none',
    })
    const shown = (await get(other, `/v1/developers/${encodeURIComponent(alice.id)}`)).body
    assert.deepEqual(
      [shown.developer_id, shown.name, shown.public_key, shown.dev_handle, shown.dev_handle_verified, shown.origin],
      [alice.id, 'Alice', alice.publicKey, 'alice', false, 'own'],
    )
    assert.match(shown.home_registry, /^zns:registry:/)
    const free = (await get(other, '/v1/handles/alice/available')).body
    assert.deepEqual([free.available, free.handle], [false, 'alice'])
    assert.equal((await get(other, '/v1/handles/No/available')).body.available, false)
    assert.equal((await get(other, '/v1/handles/admin/available')).body.available, false)

    const update = JSON.stringify({ name: 'Alice B.', github: 'alice' })
    const updated = await call('PUT', `${other.url}/v1/developers/${alice.id}`, update, alice.bearer(update))
    assert.deepEqual([updated.status, updated.body.name, updated.body.github], [200, 'Alice B.', 'alice'])
    const ended = await call('DELETE', `${other.url}/v1/developers/${alice.id}`, undefined, alice.bearer(alice.id))
    assert.deepEqual([ended.status, ended.body.developer_id], [200, alice.id])
    await eventually(one, `/v1/developers/${alice.id}`, 404)
    await eventually(one, '/v1/handles/alice', 404)
  })

  test('a Go client’s escaped form verifies too, and nobody else’s signature does', async () => {
    const [gopher, mallory] = [new ZyndDeveloper(), new ZyndDeveloper()]
    const name = 'R&D <tools>'
    assert.equal((await post(one, '/v1/developers', gopher.registration(name, goEscaped))).status, 201)
    assert.equal((await get(one, `/v1/developers/${gopher.id}`)).body.name, name)
    await post(one, '/v1/handles', gopher.claim('gopher'))
    const forged = { ...mallory.registration('M'), public_key: new ZyndDeveloper().publicKey }
    assert.equal((await post(one, '/v1/developers', forged)).body.error, 'signature_invalid')
    for (const [method, path, body, signed, code] of [
      ['DELETE', '/v1/handles/gopher', undefined, 'release:gopher', 'signature_invalid'],
      ['DELETE', `/v1/developers/${gopher.id}`, undefined, gopher.id, 'signature_invalid'],
      ['PUT', `/v1/developers/${gopher.id}`, '{"name":"M"}', '{"name":"M"}', 'signature_invalid'],
      ['POST', '/v1/handles/gopher/verify', '{"method":"dns"}', '{"method":"dns"}', 'signature_invalid'],
    ] as const) {
      assert.equal((await call(method, one.url + path, body, mallory.bearer(signed))).body.error, code, path)
      assert.equal((await call(method, one.url + path, body)).body.error, 'unauthenticated', path)
    }
    assert.equal(
      (await post(one, '/v1/handles', { ...mallory.claim('gopher-2'), developer_id: gopher.id })).status,
      401,
    )
    assert.equal((await post(one, '/v1/handles', mallory.claim('gopher'))).body.error, 'developer_not_found')
    await post(one, '/v1/developers', mallory.registration('Mallory'))
    assert.equal((await post(one, '/v1/handles', mallory.claim('gopher'))).status, 409)
    assert.equal((await get(one, '/v1/handles/gopher')).body.developer_id, gopher.id)
  })

  test('verification is answered honestly, and a release frees the handle', async () => {
    const dev = new ZyndDeveloper()
    await post(one, '/v1/developers', dev.registration('Dev'))
    await post(one, '/v1/handles', dev.claim('honest'))
    const body = '{"method":"github","proof":"dev"}'
    const verified = await call('POST', `${one.url}/v1/handles/honest/verify`, body, dev.bearer(body))
    assert.deepEqual([verified.status, verified.body.error], [422, 'validation_failed'])
    assert.equal((await get(one, '/v1/handles/honest')).body.verified, false)
    const released = await call('DELETE', `${one.url}/v1/handles/honest`, undefined, dev.bearer('release:honest'))
    assert.deepEqual([released.status, released.body.message], [200, 'released'])
    assert.equal((await get(one, '/v1/handles/honest')).status, 404)
    assert.equal((await get(one, '/v1/handles/honest/available')).body.available, true)
  })
})

describe('N3: names, as Zynd’s clients bind and resolve them', () => {
  test('a registration names its entity, and every spelling finds it on the other node', async () => {
    const alice = new ZyndDeveloper()
    const first = await alice.enrol(one, { entity_name: 'stocks', version: '1.0.0' })
    assert.equal(first.status, 201)
    assert.match(first.body.name_error, /^not_found: .*no handle/)
    // Known by the proof alone (open mode), and able to claim.
    const derived = await get(one, `/v1/developers/${alice.id}`)
    assert.deepEqual([derived.status, derived.body.origin, derived.body.entity_count], [200, 'derived', 1])
    await eventually(other, `/v1/developers/${alice.id}`)
    assert.equal((await post(other, '/v1/handles', alice.claim('trader'))).status, 201)
    const entity = first.body.entity_id
    const fqan = 'rollcall/trader/stocks'
    const resolved = await eventually(one, '/v1/resolve/trader/stocks')
    assert.deepEqual(
      [resolved.body.entity_id, resolved.body.fqan, resolved.body.developer_id, resolved.body.version],
      [entity, fqan, alice.id, '1.0.0'],
    )
    const shown = (await eventually(other, `/v1/entities/${entity}`)).body
    assert.deepEqual([shown.fqan, shown.developer_handle, shown.name_error], [fqan, 'trader', undefined])
    for (const spelling of [
      fqan,
      'trader/stocks',
      '@trader/stocks',
      'stocks.trader.zynd',
      `zns://${fqan}@1#x`,
      entity,
    ]) {
      const found = await post(other, '/v1/search', { fqan: spelling, max_results: 1 })
      assert.deepEqual([found.body.total_found, found.body.results[0]?.fqan], [1, fqan], spelling)
    }
    assert.equal((await post(other, '/v1/search', { fqan: 'trader/bonds' })).body.total_found, 0)
    const under = await post(other, '/v1/search', { developer_handle: 'trader', status: 'any' })
    assert.deepEqual([under.body.total_found, under.body.results[0]?.developer_handle], [1, 'trader'])
    const taken = await alice.enrol(one, { entity_name: 'stocks' })
    assert.deepEqual([taken.status, taken.body.fqan], [201, undefined])
    assert.match(taken.body.name_error, /^conflict_duplicate_name: /)
    const unfit = await alice.enrol(one, { entity_name: '3d' })
    assert.deepEqual([unfit.status, unfit.body.fqan], [201, undefined])
    assert.match(unfit.body.name_error, /^validation_failed: /)
    const of = (await get(one, `/v1/developers/${alice.id}/entities`)).body
    assert.deepEqual([of.count, of.total, of.developer_id], [3, 3, alice.id])
    assert.deepEqual(of.agents, of.entities)
    assert.equal((await get(one, `/v1/developers/${alice.id}/agents?limit=1`)).body.has_more, true)
  })

  test('names are bound, versioned, listed, released and refused by their developer alone', async () => {
    const [bob, mallory] = [new ZyndDeveloper(), new ZyndDeveloper()]
    const entity_id: string = (await bob.enrol(one)).body.entity_id
    const second: string = (await bob.enrol(one)).body.entity_id
    await post(one, '/v1/handles', bob.claim('bob'))
    await post(one, '/v1/developers', mallory.registration('Mallory'))
    await post(one, '/v1/handles', mallory.claim('mallory'))
    assert.deepEqual((await get(one, '/v1/names/bob/weather/available')).body, {
      developer: 'bob',
      entity_name: 'weather',
      available: true,
    })
    const fields = { developer_handle: 'bob', entity_id, entity_name: 'weather', version: '1.0.0' }
    const stolen = { ...fields, developer_handle: 'mallory' }
    assert.equal((await post(one, '/v1/names', mallory.binding(stolen))).body.error, 'signature_invalid')
    assert.equal((await post(one, '/v1/names', bob.binding({ ...fields, developer_handle: 'nobody' }))).status, 404)
    assert.equal((await post(one, '/v1/names', bob.binding({ ...fields, entity_name: 'No' }))).status, 422)

    const bound = await post(one, '/v1/names', bob.binding(fields, []))
    assert.equal(bound.status, 201, JSON.stringify(bound.body))
    assert.deepEqual([bound.body.fqan, bound.body.entity_id], ['rollcall/bob/weather', entity_id])
    assert.equal((await post(one, '/v1/names', bob.binding(fields))).status, 201)
    assert.equal((await get(one, '/v1/names/bob/weather/versions')).body.length, 1)
    const tagged = { ...fields, version: '1.1.0', capability_tags: ['rain'] }
    const put = await call('PUT', `${one.url}/v1/names/bob/weather`, JSON.stringify(bob.binding(tagged)))
    assert.deepEqual([put.status, put.body.current_version, put.body.capability_tags], [200, '1.1.0', ['rain']])
    assert.equal((await post(one, '/v1/names', bob.binding({ ...fields, entity_id: second }))).status, 409)

    const versions = await until('both versions on the other node', async () => {
      const { body } = await get(other, '/v1/names/bob/weather/versions')
      return Array.isArray(body) && body.length === 2 ? body : undefined
    })
    assert.deepEqual(
      versions.map(({ version, current }) => [version, current]),
      [
        ['1.1.0', true],
        ['1.0.0', false],
      ],
    )
    const binding = (await get(other, '/v1/names/bob/weather')).body
    assert.deepEqual(
      [binding.fqan, binding.entity_name, binding.developer_handle, binding.registry_host, binding.developer_id],
      ['rollcall/bob/weather', 'weather', 'bob', 'rollcall', bob.id],
    )
    for (const what of ['entities', 'agents']) {
      assert.deepEqual((await get(other, `/v1/handles/bob/${what}`)).body, [binding])
    }
    const busy = (await get(other, '/v1/names/bob/weather/available')).body
    assert.deepEqual([busy.available, busy.existing_entity_id], [false, entity_id])

    const path = `${other.url}/v1/names/bob/weather`
    const theft = await call('DELETE', path, undefined, mallory.bearer('release:rollcall/bob/weather'))
    assert.equal(theft.body.error, 'signature_invalid')
    const released = await call('DELETE', path, undefined, bob.bearer('release:rollcall/bob/weather'))
    assert.deepEqual([released.status, released.body.fqan], [200, 'rollcall/bob/weather'])
    await eventually(one, '/v1/names/bob/weather', 404)
    await eventually(one, '/v1/resolve/bob/weather', 404)
    assert.equal((await post(one, '/v1/names', bob.binding({ ...fields, entity_id: second }))).status, 201)
  })

  test('L10: a native client does all of it, and what it signed serves nobody a second time', async () => {
    const dev = new ZyndDeveloper()
    const registration = dev.native('register_developer', { public_key: dev.publicKey, name: 'N', handle: 'native' })
    const registered = await post(one, '/v1/developers', registration)
    assert.deepEqual([registered.status, registered.body.dev_handle], [201, 'native'])
    const entity_id: string = (await dev.enrol(one)).body.entity_id
    const bind = dev.native('bind_name', { entity_id, entity_name: 'signed', version: '1' })
    assert.equal((await post(one, '/v1/names', bind)).body.fqan, 'rollcall/native/signed')
    const unbind = dev.native('release_name', { entity_id, entity_name: 'signed' })
    assert.equal((await call('DELETE', `${one.url}/v1/names/native/signed`, unbind)).status, 200)
    assert.equal((await post(one, '/v1/names', bind)).body.error, 'stale_write')
    const update = dev.native('update_developer', { developer_id: dev.id, name: 'N2' })
    assert.equal((await call('PUT', `${one.url}/v1/developers/${dev.id}`, update)).body.name, 'N2')
    const claim = dev.native('claim_handle', { developer_id: dev.id, handle: 'native' })
    const release = dev.native('release_handle', { developer_id: dev.id, handle: 'native' })
    assert.equal((await call('DELETE', `${one.url}/v1/handles/native`, release)).status, 200)
    assert.equal((await post(one, '/v1/handles', claim)).body.error, 'stale_write')
    const end = dev.native('deregister_developer', { developer_id: dev.id })
    assert.equal((await call('DELETE', `${one.url}/v1/developers/${dev.id}`, end)).status, 200)
    assert.equal((await post(one, '/v1/developers', registration)).body.error, 'stale_write')
  })
})

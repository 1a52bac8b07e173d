import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  developerIdOf,
  developerIdOfProof,
  fieldsSet,
  identityFieldIn,
  type Json,
  type JsonObject,
  LIMITS,
  overlayProfile,
  type Profile,
  parseProfile,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { codeOf, developer, failureOf, proof, proofBody, registrationBody, unwrap } from './kit.ts'

const profileWith = (fields: JsonObject): Profile => unwrap(parseProfile(registrationBody(fields)))
const codeWith = (fields: JsonObject): string => codeOf(parseProfile(registrationBody(fields)))

describe('a profile is read from a registration', () => {
  test('with defaults for what is absent', () => {
    assert.deepEqual(profileWith({}), {
      name: 'Weather',
      url: 'https://weather.example',
      category: '',
      tags: [],
      summary: '',
      type: 'agent',
    })
  })

  test('with everything there is', () => {
    const profile = profileWith({
      category: 'weather',
      tags: ['rain', 'sun'],
      summary: 'Knows',
      entity_type: 'service',
      service_endpoint: 'https://weather.example/api',
      openapi_url: 'http://weather.example/openapi.json',
      entity_pricing: { base_price_usd: 0.01 },
      capability_summary: ['forecast'],
      entity_name: 'weather',
      version: '1.0',
      developer_proof: proofBody,
      developer_id: developerIdOf(developer.publicKey),
    })
    assert.equal(profile.type, 'service')
    assert.equal(profile.serviceEndpoint, 'https://weather.example/api')
    assert.deepEqual(profile.pricing, { base_price_usd: 0.01 })
    assert.deepEqual(profile.capabilitySummary, ['forecast'])
    assert.deepEqual(profile.developerProof, proof)
    assert.equal(
      profile.developerProof && developerIdOfProof(profile.developerProof),
      developerIdOf(developer.publicKey),
    )
  })

  test('without regard to fields of a newer client', () => {
    assert.deepEqual(profileWith({ wings: 2, payload: null }), profileWith({}))
  })

  const faults: Record<string, JsonObject> = {
    'no name': { name: undefined },
    'an empty name': { name: '' },
    'a name that is no text': { name: 1 },
    'a URL of another scheme': { entity_url: 'javascript:alert(1)' },
    'a URL without host': { entity_url: 'https://' },
    'tags that are a text': { tags: 'a' },
    'a tag that is no text': { tags: ['a', 1] },
    'a summary that is null': { summary: null },
    'an unknown type': { entity_type: 'robot' },
    'a type that is no text': { entity_type: 1 },
    'a proof that is a text': { developer_proof: 'x' },
    'a proof without key': { developer_proof: { ...proofBody, developer_public_key: undefined } },
    'a proof without signature': { developer_proof: { ...proofBody, developer_signature: undefined } },
    'a proof without index': { developer_proof: { ...proofBody, entity_index: undefined } },
    'a proof with an index beyond u32': { developer_proof: { ...proofBody, entity_index: 2 ** 32 } },
    'a proof with half an index': { developer_proof: { ...proofBody, entity_index: 0.5 } },
  }
  for (const [name, fields] of Object.entries(faults)) {
    test(`and refused with ${name}`, () => assert.equal(codeWith(fields), 'validation_failed'))
  }

  test('I1: a developer id that does not follow from the key of the proof is id_mismatch', () => {
    assert.equal(codeWith({ developer_proof: proofBody, developer_id: 'zns:dev:0' }), 'id_mismatch')
    assert.doesNotThrow(() => profileWith({ developer_proof: proofBody, developer_id: '' }))
    assert.doesNotThrow(() => profileWith({ developer_id: 'zns:dev:0' }))
  })

  test('the older names of a proof are read too', () => {
    const { developer_signature, entity_index, developer_public_key } = proofBody
    const older = { developer_public_key, index: entity_index, signature: developer_signature }
    assert.deepEqual(profileWith({ developer_proof: older }).developerProof, proof)
  })

  test('half a surrogate pair is malformed, wherever it stands', () => {
    for (const fields of [{ name: '\ud800' }, { unknown: ['\udc00'] }, { entity_pricing: { '\ud83e': 1 } }]) {
      assert.equal(codeWith(fields), 'malformed')
    }
  })
})

describe('caps count characters, not units', () => {
  const caps = {
    name: LIMITS.nameCharsMax,
    category: LIMITS.categoryCharsMax,
    summary: LIMITS.summaryCharsMax,
    version: LIMITS.versionCharsMax,
    entity_name: LIMITS.nameCharsMax,
  }
  for (const [field, charsMax] of Object.entries(caps)) {
    test(`${field} has at most ${charsMax}`, () => {
      profileWith({ [field]: '🤖'.repeat(charsMax) })
      const failure = failureOf(parseProfile(registrationBody({ [field]: '🤖'.repeat(charsMax + 1) })))
      assert.equal(failure.code, 'validation_failed')
      assert.match(failure.message, new RegExp(`${field} has ${charsMax + 1} characters, at most ${charsMax}`))
      assert.deepEqual(failure.details, { field })
    })
  }

  test(`at most ${LIMITS.tagsMax} tags of ${LIMITS.tagCharsMax}`, () => {
    const tag = 't'.repeat(LIMITS.tagCharsMax)
    assert.equal(profileWith({ tags: Array(LIMITS.tagsMax).fill(tag) }).tags.length, LIMITS.tagsMax)
    assert.equal(codeWith({ tags: Array(LIMITS.tagsMax + 1).fill('t') }), 'validation_failed')
    assert.equal(codeWith({ tags: [`${tag}t`] }), 'validation_failed')
  })

  test(`URLs of at most ${LIMITS.urlCharsMax}`, () => {
    const url = (chars: number): string => `https://a.example/${'p'.repeat(chars - 'https://a.example/'.length)}`
    for (const field of ['entity_url', 'service_endpoint', 'openapi_url']) {
      profileWith({ [field]: url(LIMITS.urlCharsMax) })
      assert.equal(codeWith({ [field]: url(LIMITS.urlCharsMax + 1) }), 'validation_failed')
    }
  })
})

describe('an update is laid over a profile', () => {
  const base = profileWith({ version: '1', tags: ['a'], service_endpoint: 'https://a.example' })
  const overlay = (fields: JsonObject): Profile => unwrap(overlayProfile(base, fields))

  test('field by field, the others staying', () => {
    assert.deepEqual(overlay({ summary: 's', tags: ['b'] }), { ...base, summary: 's', tags: ['b'] })
    assert.deepEqual(overlay({}), base)
  })

  test('null and the empty text remove what is optional', () => {
    for (const nothing of [null, '']) {
      const { version: _, ...rest } = base
      assert.deepEqual(overlay({ version: nothing }), rest)
      assert.equal('serviceEndpoint' in overlay({ service_endpoint: nothing }), false)
    }
    assert.deepEqual(overlay({ tags: null }).tags, [])
    assert.equal(codeOf(overlayProfile(base, { name: null })), 'validation_failed')
  })

  test('fields are named in one order, whatever the order of the body', () => {
    assert.deepEqual(fieldsSet({ version: '2', name: 'a', signature: 's', tags: null }), ['name', 'tags', 'version'])
  })

  test('what says who the entity is is found; its id is not, an update says by it whom it is about', () => {
    assert.equal(identityFieldIn({ name: 'a', entity_id: 'x' }), undefined)
    for (const field of ['public_key', 'entity_type', 'developer_id', 'developer_proof']) {
      assert.equal(identityFieldIn({ name: 'a', [field]: null }), field)
    }
  })

  test('any JSON object gives a profile or a failure', () => {
    const names = fc.constantFrom(
      'name',
      'entity_url',
      'tags',
      'summary',
      'developer_proof',
      'entity_type',
      'version',
      'x',
    )
    const bodies = fc.dictionary(names, fc.jsonValue()) as fc.Arbitrary<Record<string, Json>>
    fc.assert(
      fc.property(bodies, (body) => {
        assert.equal(typeof parseProfile(body).ok, 'boolean')
        assert.equal(typeof overlayProfile(base, body).ok, 'boolean')
      }),
    )
  })
})

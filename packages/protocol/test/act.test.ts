import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Act,
  actChecks,
  actContent,
  decodeWith,
  encode,
  encodeAct,
  entityIdOf,
  formatKey,
  formatSignedRequest,
  isSignedRequest,
  type JsonObject,
  LIMITS,
  nativeActBytes,
  nativePayload,
  parseSignedRequest,
  proofCheck,
  readAct,
  registrant,
  zyndRegistration,
} from '@rollcall/protocol'
import {
  allHold,
  codeOf,
  developer,
  entity,
  hex,
  holds,
  id,
  nativeAct,
  other,
  otherId,
  proof,
  registrationBody,
  timeMs,
  unwrap,
  zyndUpdate,
} from './kit.ts'

const about = { id, publicKey: entity.publicKey, proof }
const aboutNobody = { ...about, proof: undefined }
const zyndText = (fields: JsonObject = {}): string =>
  JSON.stringify({ ...registrationBody(), signature: formatKey(new Uint8Array(64)), ...fields })

describe('I3: a native act is signed with domain and payload', () => {
  for (const kind of ['register', 'update', 'deregister'] as const) {
    test(`${kind}: the signature of the entity holds, and serves nothing else`, () => {
      const act = nativeAct(kind, { entity_id: id })
      assert.ok(allHold(actChecks(act, about)))
      for (const elsewhere of ['register', 'update', 'deregister'] as const) {
        assert.equal(allHold(actChecks({ ...act, kind: elsewhere }, about)), elsewhere === kind)
      }
      assert.equal(allHold(actChecks({ ...act, text: `${act.text} ` }, about)), false)
      assert.equal(allHold(actChecks(act, { ...about, publicKey: other.publicKey })), false)
    })
  }

  test('a developer signs with the key of the proof, and only where there is one', () => {
    const act = nativeAct('update', { entity_id: id }, 'developer')
    assert.ok(allHold(actChecks(act, about)))
    assert.equal(codeOf(actChecks(act, aboutNobody)), 'forbidden')
    assert.equal(allHold(actChecks({ ...act, by: 'entity' }, about)), false)
  })

  test('the proof is a word of the developer about key and index', () => {
    assert.ok(holds(proofCheck(entity.publicKey, proof)))
    assert.ok(!holds(proofCheck(other.publicKey, proof)))
    assert.ok(!holds(proofCheck(entity.publicKey, { ...proof, entityIndex: 8 })))
    assert.ok(!holds(proofCheck(entity.publicKey, { ...proof, publicKey: other.publicKey })))
  })

  test('the payload is one canonical text', () => {
    const payload = nativePayload({ body: { name: 'a', category: 'b' }, issuedAtMs: timeMs, nonce: 'n' })
    assert.equal(payload, `{"body":{"category":"b","name":"a"},"issued_at":${timeMs},"nonce":"n"}`)
    assert.match(hex(nativeActBytes('update', payload)), /^00000011/)
  })

  const broken: Record<string, string> = {
    'no JSON': '{',
    'no body': '{"issued_at":1,"nonce":"n"}',
    'a body that is a list': '{"body":[],"issued_at":1,"nonce":"n"}',
    'no time': '{"body":{},"nonce":"n"}',
    'a time that is a text': '{"body":{},"issued_at":"1","nonce":"n"}',
    'a time below zero': '{"body":{},"issued_at":-1,"nonce":"n"}',
    'half a millisecond': '{"body":{},"issued_at":0.5,"nonce":"n"}',
    'a time beyond the safe integers': '{"body":{},"issued_at":1e300,"nonce":"n"}',
    'no nonce': '{"body":{},"issued_at":1}',
    'an empty nonce': '{"body":{},"issued_at":1,"nonce":""}',
    'a long nonce': `{"body":{},"issued_at":1,"nonce":"${'n'.repeat(LIMITS.nonceCharsMax + 1)}"}`,
  }
  for (const [name, text] of Object.entries(broken)) {
    test(`a payload with ${name} is malformed`, () => {
      assert.equal(codeOf(actContent({ ...nativeAct('update', {}), text })), 'malformed')
    })
  }

  test('a good payload gives body and time', () => {
    assert.deepEqual(unwrap(actContent(nativeAct('update', { a: 1 }))), { body: { a: 1 }, issuedAtMs: timeMs })
  })
})

describe("I3: Zynd's acts are signed as its clients sign them", () => {
  const sign = (canonical: string): Uint8Array => entity.sign(new TextEncoder().encode(canonical))
  const canonical = (tags: string, more = ''): string =>
    `{"category":""${more},"entity_url":"https://weather.example","name":"Weather","public_key":"${formatKey(entity.publicKey)}","summary":"","tags":${tags}}`
  const registered = (fields: JsonObject, covered: string): boolean =>
    allHold(actChecks({ ...unwrap(zyndRegistration(zyndText(fields))), signature: sign(covered) }, about))

  test('zynd-S1: tags absent, signed over [] or over null', () => {
    assert.ok(registered({}, canonical('[]')))
    assert.ok(registered({}, canonical('null')))
    assert.ok(!registered({}, canonical('["a"]')))
  })

  test('zynd-S1: tags null or [] are covered as they stand', () => {
    assert.ok(registered({ tags: null }, canonical('null')))
    assert.ok(!registered({ tags: null }, canonical('[]')))
    assert.ok(registered({ tags: [] }, canonical('[]')))
    assert.ok(!registered({ tags: [] }, canonical('null')))
    assert.ok(registered({ tags: ['b', 'a'] }, canonical('["b","a"]')))
    assert.ok(!registered({ tags: ['b', 'a'] }, canonical('["a","b"]')))
  })

  test('zynd-S1: entity_type is covered where it is not empty', () => {
    assert.ok(registered({ tags: [], entity_type: 'agent' }, canonical('[]', ',"entity_type":"agent"')))
    assert.ok(!registered({ tags: [], entity_type: 'agent' }, canonical('[]')))
    assert.ok(registered({ tags: [], entity_type: '' }, canonical('[]')))
  })

  test('zynd-S1: what the clients do not cover does not matter', () => {
    assert.ok(registered({ tags: [], version: '2', developer_id: 'x', unknown: 1 }, canonical('[]')))
  })

  test('zynd-S1: the signature is taken from the body, and a body without one is refused', () => {
    const body = { ...registrationBody(), tags: [] }
    const act = unwrap(zyndRegistration(JSON.stringify({ ...body, signature: formatKey(sign(canonical('[]'))) })))
    assert.deepEqual([act.kind, act.form, act.by], ['register', 'zynd', 'entity'])
    assert.ok(allHold(actChecks(act, aboutNobody)))
    assert.equal(codeOf(zyndRegistration(JSON.stringify(body))), 'signature_invalid')
    assert.equal(codeOf(zyndRegistration(JSON.stringify({ ...body, signature: 'ed25519:AAAA' }))), 'signature_invalid')
    assert.equal(codeOf(zyndRegistration('[]')), 'malformed')
  })

  test('zynd-S2b: an update is signed over its raw bytes', () => {
    const act = zyndUpdate({ summary: 'Größer', signature: 'x' })
    assert.ok(allHold(actChecks(act, aboutNobody)))
    assert.ok(!allHold(actChecks({ ...act, text: act.text.replace(':', ': ') }, aboutNobody)))
    assert.ok(allHold(actChecks(zyndUpdate({ summary: 'a' }, 'developer'), about)))
    assert.equal(codeOf(actContent({ ...act, text: 'null' })), 'malformed')
  })

  test('zynd-S3: a deregistration is signed over the id', () => {
    const act: Act = {
      kind: 'deregister',
      form: 'zynd',
      by: 'entity',
      text: '',
      signature: entity.sign(new TextEncoder().encode(id)),
    }
    assert.ok(allHold(actChecks(act, about)))
    assert.ok(!allHold(actChecks(act, { ...about, id: otherId })))
    const byDeveloper: Act = { ...act, by: 'developer', signature: developer.sign(new TextEncoder().encode(id)) }
    assert.ok(allHold(actChecks(byDeveloper, about)))
    assert.deepEqual(unwrap(actContent(act)), { body: {} })
  })
})

describe('I1: a registration says whom it is about', () => {
  test('by its key and type', () => {
    assert.deepEqual(unwrap(registrant(registrationBody())), { id, type: 'agent', publicKey: entity.publicKey })
    const service = unwrap(registrant(registrationBody({ entity_type: 'service' })))
    assert.equal(service.id, entityIdOf('service', entity.publicKey))
  })

  test('its key may stand without prefix', () => {
    const bare = formatKey(entity.publicKey).slice('ed25519:'.length)
    assert.equal(unwrap(registrant(registrationBody({ public_key: bare }))).id, id)
  })

  test('an id that does not follow from the key is id_mismatch', () => {
    assert.equal(unwrap(registrant(registrationBody({ entity_id: id }))).id, id)
    for (const wrong of [otherId, entityIdOf('service', entity.publicKey), 'x', 1, null]) {
      assert.equal(codeOf(registrant(registrationBody({ entity_id: wrong }))), 'id_mismatch')
    }
  })

  test('a key that cannot be read is refused', () => {
    for (const wrong of [undefined, null, 1, '', 'ed25519:', 'ed25519:AAAA']) {
      assert.equal(codeOf(registrant({ ...registrationBody(), public_key: wrong })), 'validation_failed')
    }
  })
})

test('an act is read back as it was written', () => {
  for (const act of [nativeAct('register', registrationBody()), zyndUpdate({ name: 'ü' }, 'developer')]) {
    assert.deepEqual(unwrap(decodeWith('act', encode(encodeAct(act)), 10_000, readAct)), act)
  }
})

describe('a native act over HTTP', () => {
  const act = nativeAct('update', { entity_id: id })

  test('is read back as it was written', () => {
    assert.deepEqual(unwrap(parseSignedRequest('update', formatSignedRequest(act))), act)
    const byDeveloper = nativeAct('deregister', { entity_id: id }, 'developer')
    assert.deepEqual(unwrap(parseSignedRequest('deregister', formatSignedRequest(byDeveloper))), byDeveloper)
  })

  test('is by the entity where it does not say by whom', () => {
    const body = JSON.stringify({ payload: act.text, signature: formatKey(act.signature) })
    assert.deepEqual(unwrap(parseSignedRequest('update', body)), act)
  })

  test('is told from the form of Zynd by its payload', () => {
    assert.equal(isSignedRequest(formatSignedRequest(act)), true)
    for (const body of [zyndText(), '{"payload":{}}', '[]', '']) assert.equal(isSignedRequest(body), false)
  })

  test('is refused with what is wrong', () => {
    const request = (fields: Record<string, unknown>): string =>
      JSON.stringify({ payload: act.text, signature: formatKey(act.signature), ...fields })
    const code = (body: string): string => codeOf(parseSignedRequest('update', body))
    assert.equal(code(''), 'malformed')
    assert.equal(code(request({ payload: {} })), 'malformed')
    assert.equal(code(request({ by: 'me' })), 'malformed')
    assert.equal(code(request({ signature: 'x' })), 'signature_invalid')
    assert.equal(code(request({ signature: undefined })), 'signature_invalid')
    assert.equal(code(request({ payload: 'x'.repeat(LIMITS.bodyBytesMax + 1) })), 'payload_too_large')
  })
})

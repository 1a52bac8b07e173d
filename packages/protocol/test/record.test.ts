import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Act,
  actsOf,
  actsWith,
  encode,
  entityIdOf,
  formatKey,
  type JsonObject,
  LIMITS,
  makeRecord,
  nativeActBytes,
  nativePayload,
  parseRecord,
  recordChecks,
} from '@rollcall/protocol'
import fc from 'fast-check'
import {
  allHold,
  codeOf,
  entity,
  hex,
  id,
  nativeAct,
  other,
  otherId,
  proof,
  proofBody,
  recordFields,
  recordOf,
  registration,
  registrationBody,
  stamp,
  timeMs,
  unwrap,
  update,
  zyndUpdate,
} from './kit.ts'

describe('a record', () => {
  test('is read back as it was made', () => {
    const made = recordOf(registration({ tags: ['a'] }), update({ summary: 's' }))
    assert.deepEqual(unwrap(parseRecord(made.bytes)), made)
    assert.deepEqual(actsOf(made), [registration({ tags: ['a'] }), update({ summary: 's' })])
  })

  test('that was written once keeps its three stamps as one object, and another those that differ', () => {
    const born = unwrap(makeRecord({ ...recordFields(registration()), stamp: stamp() }))
    assert.equal(born.nameClaim, born.birth)
    assert.equal(born.stamp, born.birth)
    const renamed = unwrap(makeRecord({ ...recordFields(registration()), nameClaim: stamp(1), stamp: stamp(1) }))
    assert.equal(renamed.stamp, renamed.nameClaim)
    assert.deepEqual([renamed.birth, renamed.stamp], [stamp(), stamp(1)])
  })

  test('shows its acts overlaid in order', () => {
    const { profile } = recordOf(
      registration({ summary: 'first', version: '1', tags: ['a'] }),
      update({ summary: 'second' }),
      zyndUpdate({ tags: ['b', 'c'], signature: 'x' }),
      update({ summary: 'third', version: null }),
    )
    assert.equal(profile.summary, 'third')
    assert.deepEqual(profile.tags, ['b', 'c'])
    assert.equal('version' in profile, false)
    assert.equal(profile.name, 'Weather')
  })

  test('of a service has the id of a service', () => {
    const service = entityIdOf('service', entity.publicKey)
    const fields = { ...recordFields(registration({ entity_type: 'service' })), id: service }
    assert.equal(unwrap(makeRecord(fields)).profile.type, 'service')
    assert.equal(codeOf(makeRecord({ ...fields, id })), 'id_mismatch')
    assert.equal(codeOf(makeRecord({ ...recordFields(registration()), id: service })), 'id_mismatch')
  })
})

describe('I3: every signature of a record is checked', () => {
  test('those of its acts, by whom they are, and the proof of the developer', () => {
    const record = recordOf(
      registration({ developer_proof: proofBody }),
      update({ summary: 'a' }, 'developer'),
      zyndUpdate({ category: 'b' }, 'developer'),
      update({ version: '2' }),
    )
    const checks = unwrap(recordChecks(record))
    assert.equal(checks.length, 5)
    assert.ok(allHold(checks))
    assert.deepEqual(checks[0]?.publicKey, proof.publicKey)
  })

  test('an altered act is found', () => {
    const good = registration()
    const altered: Act = { ...good, text: good.text.replace('Weather', 'Whether') }
    assert.equal(allHold(recordChecks(recordOf(altered))), false)
    const forged: Act = { ...update({ summary: 'a' }), signature: other.sign(new Uint8Array()) }
    assert.equal(allHold(recordChecks(recordOf(good, forged))), false)
  })

  test('an update by a developer needs a developer', () => {
    const record = recordOf(registration(), update({ summary: 'a' }, 'developer'))
    assert.equal(codeOf(recordChecks(record)), 'forbidden')
  })
})

describe('I1: a record is about the entity whose key signed its registration', () => {
  test('the key of another is id_mismatch, also where that other signed', () => {
    const text = nativePayload({ body: registrationBody(), issuedAtMs: timeMs, nonce: 'n' })
    const stolen: Act = { ...registration(), text, signature: other.sign(nativeActBytes('register', text)) }
    assert.equal(codeOf(makeRecord({ ...recordFields(stolen), publicKey: other.publicKey })), 'id_mismatch')
  })

  test('the id of another is id_mismatch', () => {
    assert.equal(codeOf(makeRecord({ ...recordFields(registration()), id: otherId })), 'id_mismatch')
    assert.equal(codeOf(makeRecord(recordFields(registration({ entity_id: otherId })))), 'id_mismatch')
    const body = registrationBody({ public_key: formatKey(other.publicKey) })
    assert.equal(codeOf(makeRecord(recordFields(nativeAct('register', body)))), 'id_mismatch')
  })

  test('an update of another entity is id_mismatch; a native one must name the entity', () => {
    const code = (act: Act): string => codeOf(makeRecord(recordFields(registration(), act)))
    assert.equal(code(nativeAct('update', { entity_id: otherId, name: 'a' })), 'id_mismatch')
    assert.equal(code(nativeAct('update', { name: 'a' })), 'id_mismatch')
    assert.equal(code(zyndUpdate({ entity_id: otherId, name: 'a' })), 'id_mismatch')
    assert.equal(recordOf(registration(), zyndUpdate({ entity_id: id, name: 'a' })).profile.name, 'a')
  })

  test('no update says who the entity is', () => {
    const said: JsonObject[] = [
      { public_key: formatKey(entity.publicKey) },
      { entity_type: 'agent' },
      { developer_id: 'x' },
      { developer_proof: proofBody },
    ]
    for (const body of said) {
      assert.equal(codeOf(makeRecord(recordFields(registration(), update(body)))), 'validation_failed')
      assert.equal(codeOf(makeRecord(recordFields(registration(), zyndUpdate(body)))), 'validation_failed')
    }
  })
})

describe('a record is refused', () => {
  const code = (...acts: readonly Act[]): string => codeOf(makeRecord(recordFields(...acts)))

  test('without a registration signed by the entity before everything else', () => {
    assert.equal(code(), 'malformed')
    assert.equal(code(update({ name: 'a' })), 'malformed')
    assert.equal(code(nativeAct('register', registrationBody(), 'developer')), 'malformed')
    assert.equal(code(registration(), registration()), 'malformed')
    assert.equal(code(registration(), nativeAct('deregister', { entity_id: id })), 'malformed')
  })

  test('with a registration or an update that gives no valid profile', () => {
    assert.equal(code(registration({ name: '' })), 'validation_failed')
    assert.equal(code(registration(), update({ name: 'n'.repeat(101) })), 'validation_failed')
    assert.equal(code({ ...registration(), text: '{"body":' }), 'malformed')
    assert.equal(code(registration(), { ...zyndUpdate({}), text: 'null' }), 'malformed')
    assert.equal(code(registration({ entity_pricing: ['\ud800'] })), 'malformed')
  })

  test('with more acts or bytes than its caps', () => {
    const many = Array.from({ length: LIMITS.actsMax }, (_, i) => update({ version: String(i) }))
    recordOf(registration(), ...many.slice(1))
    assert.equal(code(registration(), ...many), 'malformed')
    const long = registration({ unknown: 'x'.repeat(60_000) })
    recordOf(long, update({ unknown: 'x'.repeat(60_000) }))
    const tooMany = [long, update({ unknown: 'x'.repeat(60_000) }), update({ unknown: 'x'.repeat(60_000) })]
    assert.equal(code(...tooMany), 'payload_too_large')
    assert.equal(code(registration({ unknown: 'x'.repeat(LIMITS.bodyBytesMax) })), 'malformed')
  })

  test('with a body nested without end', () => {
    const text = `{"name":"a","entity_pricing":${'['.repeat(20_000)}${']'.repeat(20_000)}}`
    assert.equal(code(registration(), { ...zyndUpdate({}), text }), 'malformed')
  })

  test('as any other bytes, and never by throwing', () => {
    const { bytes } = recordOf(registration(), update({ summary: 's' }))
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, byte) => {
        const altered = bytes.with(at % bytes.length, byte)
        const result = parseRecord(altered)
        if (result.ok)
          assert.equal(hex(unwrap(makeRecord({ ...result.value, acts: actsOf(result.value) })).bytes), hex(altered))
      }),
      { numRuns: 1_000 },
    )
    fc.assert(fc.property(fc.uint8Array(), (random) => assert.equal(parseRecord(random).ok, false)))
    assert.equal(codeOf(parseRecord(encode('record'))), 'malformed')
  })
})

describe('I3: acts that no longer show are left out', () => {
  const first = registration({ summary: 'a', version: '1' })

  test('an update is kept while one of its fields shows', () => {
    const one = update({ summary: 'b', version: '2' })
    const two = update({ summary: 'c' })
    const three = update({ version: '3' })
    assert.deepEqual(actsWith([first], one), [first, one])
    assert.deepEqual(actsWith([first, one], two), [first, one, two])
    assert.deepEqual(actsWith([first, one, two], three), [first, two, three])
  })

  test('an update that sets nothing is not kept', () => {
    assert.deepEqual(actsWith([first], update({ unknown: 1 })), [first])
  })

  test('whatever is left out, the profile is that of all acts, and their number is bounded', () => {
    const fields = ['name', 'category', 'summary', 'version', 'entity_name', 'tags', 'service_endpoint'] as const
    const value = (field: string): fc.Arbitrary<JsonObject> =>
      field === 'tags'
        ? fc.array(fc.string({ maxLength: 3 }), { maxLength: 2 }).map((tags) => ({ tags }))
        : field === 'service_endpoint'
          ? fc.constantFrom(null, 'https://a.example', 'https://b.example').map((url) => ({ service_endpoint: url }))
          : fc.string({ minLength: 1, maxLength: 3 }).map((text) => ({ [field]: text }))
    const bodies = fc
      .uniqueArray(fc.constantFrom(...fields), { maxLength: 3 })
      .chain((chosen) => fc.tuple(...chosen.map(value)).map((parts): JsonObject => Object.assign({}, ...parts)))
    fc.assert(
      fc.property(fc.array(bodies, { maxLength: 20 }), (changes) => {
        const updates = changes.map((change) => update(change))
        const pruned = updates.reduce<readonly Act[]>((acts, act) => actsWith(acts, act), [first])
        assert.ok(pruned.length <= 1 + fields.length)
        assert.deepEqual(recordOf(...pruned).profile, recordOf(first, ...updates).profile)
      }),
      { numRuns: 200 },
    )
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Act, encode, makeTombstone, parseTombstone, type Tombstone, tombstoneChecks } from '@rollcall/protocol'
import fc from 'fast-check'
import {
  allHold,
  codeOf,
  developer,
  entity,
  hex,
  id,
  nativeAct,
  other,
  otherId,
  proof,
  stamp,
  timeMs,
  unwrap,
} from './kit.ts'

const deregistration = nativeAct('deregister', { entity_id: id })
const zynd: Act = {
  kind: 'deregister',
  form: 'zynd',
  by: 'entity',
  text: '',
  signature: entity.sign(new TextEncoder().encode(id)),
}
const fields: Omit<Tombstone, 'bytes'> = {
  id,
  publicKey: entity.publicKey,
  stamp: stamp(1),
  issuedAtMs: timeMs,
  act: deregistration,
  proof: undefined,
}
const tombstone = (change: Partial<Omit<Tombstone, 'bytes'>> = {}): Tombstone =>
  unwrap(makeTombstone({ ...fields, ...change }))

describe('T1: a tombstone carries id, key, stamp and the signed evidence', () => {
  test('and is read back as it was made', () => {
    for (const one of [tombstone(), tombstone({ act: zynd }), tombstone({ proof })]) {
      assert.deepEqual(unwrap(parseTombstone(one.bytes)), one)
    }
  })

  test('I3: the entity may sign it, in either form', () => {
    assert.ok(allHold(tombstoneChecks(tombstone())))
    assert.ok(allHold(tombstoneChecks(tombstone({ act: zynd }))))
    assert.equal(
      allHold(tombstoneChecks(tombstone({ act: { ...zynd, signature: other.sign(new Uint8Array()) } }))),
      false,
    )
  })

  test('I3: a developer may sign it, with the proof', () => {
    const act = nativeAct('deregister', { entity_id: id }, 'developer')
    const checks = unwrap(tombstoneChecks(tombstone({ act, proof })))
    assert.equal(checks.length, 2)
    assert.ok(allHold(checks))
    assert.equal(codeOf(tombstoneChecks(tombstone({ act }))), 'forbidden')
    const foreign = { ...proof, publicKey: other.publicKey }
    assert.equal(allHold(tombstoneChecks(tombstone({ act, proof: foreign }))), false)
    const unproven = { ...proof, signature: developer.sign(new Uint8Array()) }
    assert.equal(allHold(tombstoneChecks(tombstone({ act, proof: unproven }))), false)
  })

  test('I3: a proof that travels along is checked, whoever signed', () => {
    const unproven = { ...proof, signature: developer.sign(new Uint8Array()) }
    assert.equal(allHold(tombstoneChecks(tombstone({ proof: unproven }))), false)
    assert.ok(allHold(tombstoneChecks(tombstone({ proof }))))
  })
})

describe('a tombstone is refused', () => {
  const code = (change: Partial<Omit<Tombstone, 'bytes'>>): string => codeOf(makeTombstone({ ...fields, ...change }))

  test('I1: where the id does not follow from the key', () => {
    assert.equal(code({ publicKey: other.publicKey }), 'id_mismatch')
    assert.equal(code({ id: otherId }), 'id_mismatch')
  })

  test('where the act is about another entity, or names none', () => {
    assert.equal(code({ act: nativeAct('deregister', { entity_id: otherId }) }), 'id_mismatch')
    assert.equal(code({ act: nativeAct('deregister', {}) }), 'id_mismatch')
  })

  test('where the act is no deregistration, or cannot be read', () => {
    assert.equal(code({ act: nativeAct('update', { entity_id: id }) }), 'malformed')
    assert.equal(code({ act: { ...deregistration, text: '' } }), 'malformed')
  })

  test('as any other bytes, and never by throwing', () => {
    const { bytes } = tombstone({ proof })
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, byte) => {
        const altered = bytes.with(at % bytes.length, byte)
        const result = parseTombstone(altered)
        if (result.ok) assert.equal(hex(unwrap(makeTombstone(result.value)).bytes), hex(altered))
      }),
      { numRuns: 1_000 },
    )
    assert.equal(codeOf(parseTombstone(encode([]))), 'malformed')
  })
})

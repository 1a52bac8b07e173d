import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Delta,
  decodeDelta,
  deltaLayout,
  encode,
  encodeDelta,
  encodePresence,
  LIMITS,
  makeTombstone,
  parsePresence,
  type SignedPresence,
  signWords,
} from '@rollcall/protocol'
import fc from 'fast-check'
import {
  codeOf,
  entity,
  hex,
  id,
  nativeAct,
  nativeBeat,
  node,
  nodeSigner,
  otherId,
  recordOf,
  registration,
  stamp,
  timeMs,
  unwrap,
  update,
} from './kit.ts'

const record = recordOf(registration({ summary: 's' }), update({ version: '2' }))
const tombstone = unwrap(
  makeTombstone({
    id,
    publicKey: entity.publicKey,
    stamp: stamp(9),
    issuedAtMs: timeMs,
    act: nativeAct('deregister', { entity_id: id }),
    proof: undefined,
  }),
)
const plain = unwrap(
  parsePresence(
    encodePresence({
      birth: stamp(),
      status: 'active',
      beat: nativeBeat(),
      attendant: node,
      cause: 'session',
      stamp: stamp(5),
    }),
  ),
)
const [word] = signWords([{ id, bytes: plain.bytes }], (message) => nodeSigner.sign(message))
assert.ok(word !== undefined)
const presence: SignedPresence = { ...plain, word }

const deltas: Record<string, Delta> = {
  'a record': { kind: 'record', id, record, presence: undefined },
  'a record with presence': { kind: 'record', id, record, presence },
  'a tombstone': { kind: 'tombstone', id, tombstone },
  'a grave': { kind: 'grave', id, grave: { id, stamp: stamp(9) } },
  'a presence alone': { kind: 'presence', id, presence },
}

describe('an entry travels as one array', () => {
  for (const [name, delta] of Object.entries(deltas)) {
    test(`${name} is read back as it was written`, () =>
      assert.deepEqual(unwrap(decodeDelta(encodeDelta(delta))), delta))

    test(`${name}, altered anywhere, is refused or is another`, () => {
      const bytes = encodeDelta(delta)
      fc.assert(
        fc.property(fc.nat(), fc.nat(255), (at, byte) => {
          const altered = bytes.with(at % bytes.length, byte)
          const result = decodeDelta(altered)
          if (result.ok) assert.equal(hex(encodeDelta(result.value)), hex(altered))
        }),
        { numRuns: 500 },
      )
    })
  }

  test('T3: a grave is small, and keeps nothing but id and stamp', () => {
    const grave = deltas['a grave']
    assert.ok(grave !== undefined)
    assert.ok(encodeDelta(grave).length < 120)
  })

  test('about another entity than its part, it is refused', () => {
    for (const name of ['a record', 'a tombstone']) {
      const delta = deltas[name]
      assert.ok(delta !== undefined)
      const layout = deltaLayout(delta)
      assert.ok(Array.isArray(layout))
      assert.equal(codeOf(decodeDelta(encode(layout.with(1, otherId)))), 'malformed')
    }
  })

  test('of an unknown kind, it is refused', () => {
    for (const kind of [0, 5, 255, 256]) assert.equal(codeOf(decodeDelta(encode([kind, id]))), 'malformed')
  })

  test('the greatest record fits with its presence', () => {
    const long = recordOf(
      registration({ unknown: 'x'.repeat(64_000) }),
      update({ version: '2', unknown: 'x'.repeat(64_000) }),
    )
    assert.ok(long.bytes.length < LIMITS.recordBytesMax)
    const delta: Delta = { kind: 'record', id, record: long, presence }
    assert.deepEqual(unwrap(decodeDelta(encodeDelta(delta))), delta)
  })

  test('more bytes than its cap are not decoded', () => {
    assert.equal(codeOf(decodeDelta(new Uint8Array(200_000))), 'payload_too_large')
  })

  test('random bytes are refused, never thrown at the caller', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => assert.equal(decodeDelta(bytes).ok, false)))
  })
})

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  CAUSES,
  encodePresence,
  type Presence,
  parsePresence,
  presenceChecks,
  type Result,
  STATUSES,
  signWords,
} from '@rollcall/protocol'
import fc from 'fast-check'
import {
  allHold,
  codeOf,
  entity,
  hex,
  id,
  nativeBeat,
  node,
  nodeSigner,
  other,
  otherId,
  otherNode,
  signerOf,
  stamp,
  unwrap,
} from './kit.ts'

type Fields = Omit<Presence, 'bytes'>

const fields: Fields = {
  birth: stamp(),
  status: 'active',
  beat: nativeBeat(),
  attendant: node,
  cause: 'session',
  stamp: stamp(5),
}
const parse = (change: Partial<Fields>): Result<Presence> => parsePresence(encodePresence({ ...fields, ...change }))

test('a presence is read back as it was written', () => {
  const goodbye = { status: 'inactive', cause: 'goodbye', beat: nativeBeat('inactive') } as const
  for (const change of [{}, { status: 'inactive', cause: 'silence' } as const, goodbye]) {
    const presence = unwrap(parse(change))
    assert.deepEqual(presence, { ...fields, ...change, bytes: encodePresence({ ...fields, ...change }) })
  }
})

describe('I3: a presence needs the beat of the entity and the word of its attendant', () => {
  const presence = unwrap(parse({}))
  const [word] = signWords([{ id, bytes: presence.bytes }], (message) => nodeSigner.sign(message))
  assert.ok(word !== undefined)
  const signed = { ...presence, word }
  const held = (key = entity.publicKey, one = signed): boolean => allHold(presenceChecks(one, id, key))

  test('both hold', () => {
    assert.equal(presenceChecks(signed, id, entity.publicKey).length, 2)
    assert.ok(held())
  })

  test('for this entity only', () => {
    assert.ok(!held(other.publicKey))
    assert.equal(allHold(presenceChecks(signed, otherId, entity.publicKey)), false)
  })

  test('no node can be said to have announced what it did not', () => {
    const [foreign] = signWords([{ id, bytes: presence.bytes }], (message) => signerOf(5).sign(message))
    assert.ok(foreign !== undefined)
    assert.ok(!held(entity.publicKey, { ...presence, word: foreign }))
    const silent = unwrap(parse({ status: 'inactive', cause: 'silence' }))
    assert.ok(!held(entity.publicKey, { ...silent, word }))
  })

  test('no node can invent a beat', () => {
    const invented = unwrap(parse({ beat: nativeBeat('active', 'nonce-2') }))
    const forged = unwrap(parse({ beat: { ...invented.beat, text: 'nonce-3' } }))
    const [own] = signWords([{ id, bytes: forged.bytes }], (message) => nodeSigner.sign(message))
    assert.ok(own !== undefined)
    assert.ok(!held(entity.publicKey, { ...forged, word: own }))
  })
})

describe('a presence is refused where its parts contradict one another', () => {
  const elsewhere = { ...nativeBeat(), node: otherNode }
  const contradictions: Record<string, Partial<Fields>> = {
    'a stamp by another node than the attendant': { stamp: stamp(5, 0, otherNode) },
    'L10: a beat bound to another node': { beat: elsewhere },
    'L1: active by a goodbye': { beat: nativeBeat('inactive'), cause: 'session' },
    'active, caused by a goodbye': { beat: nativeBeat('inactive'), cause: 'goodbye' },
    'active, caused by silence': { cause: 'silence' },
    'inactive, caused by a session': { status: 'inactive', cause: 'session' },
    'a goodbye without one': { status: 'inactive', cause: 'goodbye' },
    'silence after a goodbye': { status: 'inactive', cause: 'silence', beat: nativeBeat('inactive') },
  }
  for (const [name, change] of Object.entries(contradictions)) {
    test(name, () => assert.equal(codeOf(parse(change)), 'malformed'))
  }

  test('of status, beat and cause, six combinations make sense', () => {
    const sensible = STATUSES.flatMap((status) =>
      STATUSES.flatMap((said) => CAUSES.filter((cause) => parse({ status, cause, beat: nativeBeat(said) }).ok)),
    )
    assert.deepEqual(sensible, ['session', 'roamed', 'reaffirmed', 'silence', 'goodbye'])
  })
})

test('a presence is refused as any other bytes, and never by throwing', () => {
  const bytes = encodePresence(fields)
  fc.assert(
    fc.property(fc.nat(), fc.nat(255), (at, byte) => {
      const altered = bytes.with(at % bytes.length, byte)
      const result = parsePresence(altered)
      if (result.ok) assert.equal(hex(encodePresence(result.value)), hex(altered))
    }),
    { numRuns: 1_000 },
  )
  assert.equal(codeOf(parsePresence(new Uint8Array(5_000))), 'payload_too_large')
})

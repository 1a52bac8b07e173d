import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import {
  decodeWith,
  type EntityId,
  encode,
  encodeWord,
  entityIdOf,
  LIMITS,
  readWord,
  type SignatureCheck,
  signedBytes,
  signWords,
  type Word,
  wordCheck,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { codeOf, hex, holds, node, nodeSigner, otherNode, unwrap } from './kit.ts'

const idOf = (i: number): EntityId => entityIdOf('agent', new Uint8Array(32).fill(i))
const batchOf = (size: number) =>
  Array.from({ length: size }, (_, i) => ({ id: idOf(i), bytes: Uint8Array.of(i, 1, 2) }))
const signBatch = (batch: readonly { id: EntityId; bytes: Uint8Array }[]): Word[] =>
  signWords(batch, (message) => nodeSigner.sign(message))

/** The sibling hashes of a word, behind its signature of 64 bytes. */
const pathOf = ({ bytes }: Word): Uint8Array[] =>
  Array.from({ length: (bytes.length - 64) / 32 }, (_, i) => bytes.slice(64 + 32 * i, 96 + 32 * i))
const withPath = ({ bytes }: Word, path: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(Buffer.concat([bytes.subarray(0, 64), ...path]))

/** The root that a word leads to: signatures are only compared, so a batch costs no verification each. */
const messageOf = (check: SignatureCheck): string => hex(check.messages[0] ?? new Uint8Array())

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(createHash('sha256').update(Buffer.concat(parts)).digest())
/** RFC 9162 §2.1.1, recursively: the split is at the greatest power of two below the number of leaves. */
const rootOf = (leaves: readonly Uint8Array[]): Uint8Array => {
  const [only] = leaves
  if (leaves.length === 1 && only !== undefined) return only
  let split = 1
  while (split * 2 < leaves.length) split *= 2
  return sha256(Uint8Array.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)))
}
const leafOf = ({ id, bytes }: { id: EntityId; bytes: Uint8Array }): Uint8Array =>
  sha256(Uint8Array.of(0), signedBytes('rollcall/presence/1', id, bytes))

describe('I3: one signature is the word of a node for a whole turn', () => {
  test('every word of a batch of any size from 1 to 70 leads to the root that was signed', () => {
    for (let size = 1; size <= 70; size++) {
      const batch = batchOf(size)
      const words = signBatch(batch)
      const root = hex(signedBytes('rollcall/word/1', rootOf(batch.map(leafOf))))
      assert.equal(words.length, size)
      for (const [i, word] of words.entries()) {
        const one = batch[i]
        assert.ok(one !== undefined)
        assert.equal(messageOf(wordCheck(word, one.id, one.bytes, node)), root)
        assert.equal(hex(word.bytes.subarray(0, 64)), hex(words[0]?.bytes.subarray(0, 64) ?? new Uint8Array()))
        assert.ok(pathOf(word).length <= Math.ceil(Math.log2(size)))
      }
      const last = words.at(-1)
      const one = batch.at(-1)
      assert.ok(last !== undefined && one !== undefined && holds(wordCheck(last, one.id, one.bytes, node)))
    }
  })

  test('any altered leaf, id, path, side or attendant leads elsewhere', () => {
    const flip = (bytes: Uint8Array, at: number): Uint8Array =>
      bytes.with(at % bytes.length, (bytes[at % bytes.length] ?? 0) ^ 1)
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), fc.nat(), fc.nat(), (size, pick, where, at) => {
        const batch = batchOf(size)
        const i = pick % size
        const [one, word] = [batch[i], signBatch(batch)[i]]
        assert.ok(one !== undefined && word !== undefined)
        const path = pathOf(word)
        const right = messageOf(wordCheck(word, one.id, one.bytes, node))
        const leads = (change: Partial<Word>, id = one.id, bytes: Uint8Array = one.bytes): string =>
          messageOf(wordCheck({ ...word, ...change }, id, bytes, node))
        assert.notEqual(leads({}, one.id, flip(one.bytes, at)), right)
        assert.notEqual(leads({}, idOf(255)), right)
        assert.notEqual(leads({ bytes: withPath(word, [...path, new Uint8Array(32)]) }), right)
        if (path.length === 0) return
        const step = where % path.length
        const altered = path.map((hash, depth) => (depth === step ? flip(hash, at) : hash))
        assert.notEqual(leads({ bytes: withPath(word, altered) }), right)
        const shorter = path.filter((_, depth) => depth !== step)
        assert.notEqual(leads({ bytes: withPath(word, shorter) }), right)
        assert.notEqual(leads({ sides: word.sides ^ (1 << step) }), right)
      }),
      { numRuns: 300 },
    )
  })

  test('a word holds for its attendant only, and by its signature only', () => {
    const [one, two] = batchOf(2)
    const [word] = signBatch([one, two].filter((each) => each !== undefined))
    assert.ok(one !== undefined && two !== undefined && word !== undefined)
    assert.ok(holds(wordCheck(word, one.id, one.bytes, node)))
    assert.ok(!holds(wordCheck(word, one.id, one.bytes, otherNode)))
    assert.ok(!holds(wordCheck(word, two.id, two.bytes, node)))
    assert.ok(!holds(wordCheck({ ...word, bytes: new Uint8Array(word.bytes.length) }, one.id, one.bytes, node)))
  })

  test('an inner node cannot pass for a leaf', () => {
    const [left, right] = batchOf(2)
    assert.ok(left !== undefined && right !== undefined)
    const inner = Uint8Array.of(...leafOf(left), ...leafOf(right))
    const [word] = signBatch([left, right])
    assert.ok(word !== undefined)
    assert.ok(!holds(wordCheck({ bytes: withPath(word, []), sides: 0 }, left.id, inner, node)))
  })

  test('a turn without announcements is signed by nobody', () => {
    assert.deepEqual(
      signWords([], () => assert.fail('signed')),
      [],
    )
  })

  test('a turn costs one signature', () => {
    let signatures = 0
    signWords(batchOf(70), (message) => {
      signatures++
      return nodeSigner.sign(message)
    })
    assert.equal(signatures, 1)
  })

  test('more presences than a path can lead to are a programmer error', () => {
    const one = { id: idOf(0), bytes: new Uint8Array() }
    const tooMany = Array.from({ length: 2 ** LIMITS.wordPathMax + 1 }, () => one)
    assert.throws(() => signBatch(tooMany), /in one turn/)
  })
})

describe('a word', () => {
  const word = signBatch(batchOf(5))[2]
  assert.ok(word !== undefined)
  const layout = { signature: word.bytes.slice(0, 64), sides: word.sides, path: pathOf(word) }
  const read = (change: Partial<typeof layout>) => {
    const { signature, sides, path } = { ...layout, ...change }
    return decodeWith('word', encode([signature, sides, path]), 10_000, readWord)
  }

  test('is read back as it was written', () => {
    assert.deepEqual(unwrap(decodeWith('word', encode(encodeWord(word)), 10_000, readWord)), word)
    assert.deepEqual(unwrap(read({})), word)
  })

  test('is refused with a side that no hash stands on: it would be a second encoding', () => {
    assert.equal(codeOf(read({ sides: word.sides | (1 << layout.path.length) })), 'malformed')
    assert.equal(codeOf(read({ sides: 2 ** LIMITS.wordPathMax })), 'malformed')
  })

  test('is refused with a path too long or a hash too short', () => {
    const hash = new Uint8Array(32)
    unwrap(read({ path: Array(LIMITS.wordPathMax).fill(hash) }))
    assert.equal(codeOf(read({ path: Array(LIMITS.wordPathMax + 1).fill(hash) })), 'malformed')
    assert.equal(codeOf(read({ path: [hash.slice(1), hash, hash] })), 'malformed')
    assert.equal(codeOf(read({ signature: new Uint8Array(63) })), 'malformed')
  })
})

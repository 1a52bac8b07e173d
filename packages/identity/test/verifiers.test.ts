import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { NobleVerifier, nobleSigner, strictEncoding } from '@rollcall/identity'
import { NativeVerifier, nativeSigner } from '@rollcall/identity/node'
import fc from 'fast-check'
import { vectorsFolder } from './make-vectors.ts'
import { fromHex, join } from './vectors/ground.ts'

interface EdgeVector {
  readonly name: string
  readonly public_key: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

const vectors: EdgeVector[] = JSON.parse(readFileSync(new URL('ed25519-edge.json', vectorsFolder), 'utf8'))
const verifiers = { noble: new NobleVerifier(), native: new NativeVerifier() }

for (const [name, verifier] of Object.entries(verifiers)) {
  describe(`I2: the ${name} verifier at the edges of Ed25519`, () => {
    for (const vector of vectors) {
      test(`${vector.name}: ${vector.valid ? 'taken' : 'refused'}`, async () => {
        const holds = await verifier.verify(
          fromHex(vector.public_key),
          fromHex(vector.message),
          fromHex(vector.signature),
        )
        assert.equal(holds, vector.valid)
      })
    }
  })
}

test('the edge vectors have cases of both kinds, each under a name of its own', () => {
  assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length)
  assert.ok(vectors.filter(({ valid }) => valid).length >= 4)
  assert.ok(vectors.filter(({ valid }) => !valid).length >= 40)
})

const seed = new Uint8Array(32).fill(9)
const signer = nativeSigner(seed)

/** Points and scalars that a mutation may put in place of honest ones. */
const oddParts = vectors.flatMap(({ public_key, signature }) =>
  [public_key, signature.slice(0, 64), signature.slice(64)].filter((part) => part.length === 64).map(fromHex),
)

interface Signed {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

const flip = (bytes: Uint8Array, bit: number): Uint8Array => {
  const at = (bit >> 3) % Math.max(bytes.length, 1)
  return bytes.length === 0 ? bytes : bytes.with(at, (bytes[at] ?? 0) ^ (1 << (bit & 7)))
}

const mutation: fc.Arbitrary<(signed: Signed) => Signed> = fc.oneof(
  fc.nat().map((bit) => (signed: Signed) => ({ ...signed, publicKey: flip(signed.publicKey, bit) })),
  fc.nat().map((bit) => (signed: Signed) => ({ ...signed, message: flip(signed.message, bit) })),
  fc.nat().map((bit) => (signed: Signed) => ({ ...signed, signature: flip(signed.signature, bit) })),
  fc.constantFrom(...oddParts).map((part) => (signed: Signed) => ({ ...signed, publicKey: part })),
  fc
    .constantFrom(...oddParts)
    .map((part) => (signed: Signed) => ({ ...signed, signature: join(part, signed.signature.slice(32)) })),
  fc
    .constantFrom(...oddParts)
    .map((part) => (signed: Signed) => ({ ...signed, signature: join(signed.signature.slice(0, 32), part) })),
  fc.nat(80).map((length) => (signed: Signed) => ({ ...signed, signature: signed.signature.slice(0, length) })),
  fc.uint8Array({ minLength: 64, maxLength: 64 }).map((signature) => (signed: Signed) => ({ ...signed, signature })),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((publicKey) => (signed: Signed) => ({ ...signed, publicKey })),
)

test('I2: both verifiers give one answer, whatever is altered', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(mutation, { maxLength: 3 }),
      async (message, steps) => {
        const honest: Signed = { publicKey: signer.publicKey, message, signature: signer.sign(message) }
        const altered = steps.reduce((signed, step) => step(signed), honest)
        const answers = await Promise.all(
          Object.values(verifiers).map((one) => one.verify(altered.publicKey, altered.message, altered.signature)),
        )
        assert.equal(answers[0], answers[1])
        if (steps.length === 0) assert.equal(answers[0], true)
      },
    ),
    { numRuns: 500 },
  )
})

test('both signers sign alike, and each verifier takes what they sign', async () => {
  const noble = nobleSigner(seed)
  assert.deepEqual(noble.publicKey, signer.publicKey)
  for (const message of [new Uint8Array(), new Uint8Array(1), new Uint8Array(100_000).fill(7)]) {
    const signature = signer.sign(message)
    assert.deepEqual(noble.sign(message), signature)
    for (const verifier of Object.values(verifiers)) {
      assert.equal(await verifier.verify(signer.publicKey, message, signature), true)
    }
  }
})

test('a signer keeps its seed for itself and refuses one of the wrong length', () => {
  const own = new Uint8Array(32).fill(8)
  const signers = [nobleSigner(own), nativeSigner(own)]
  const before = signers.map((one) => one.sign(seed))
  own.fill(0)
  assert.deepEqual(
    signers.map((one) => one.sign(seed)),
    before,
  )
  for (const length of [0, 31, 33, 64]) {
    assert.throws(() => nobleSigner(new Uint8Array(length)))
    assert.throws(() => nativeSigner(new Uint8Array(length)))
  }
})

describe('I2: the encoding of points and scalars', () => {
  const good = signer.sign(seed)
  const withR = (r: Uint8Array): Uint8Array => join(r, good.slice(32))
  const withS = (s: bigint): Uint8Array => join(good.slice(0, 32), fromHex(s.toString(16).padStart(64, '0')).reverse())
  const order = 2n ** 252n + 27742317777372353535851937790883648493n

  test('an honest one passes', () => assert.equal(strictEncoding(signer.publicKey, good), true))

  test('all nineteen y that are not reduced are refused, with either sign, as A and as R', () => {
    for (let low = 0xed; low <= 0xff; low++) {
      for (const top of [0x7f, 0xff]) {
        const point = new Uint8Array(32).fill(0xff).with(0, low).with(31, top)
        assert.equal(strictEncoding(point, good), false)
        assert.equal(strictEncoding(signer.publicKey, withR(point)), false)
      }
    }
  })

  test('the greatest reduced y that is not of small order passes', () => {
    const point = new Uint8Array(32).fill(0xff).with(0, 0xeb).with(31, 0x7f)
    assert.equal(strictEncoding(point, good), true)
    assert.equal(strictEncoding(signer.publicKey, withR(point)), true)
  })

  test('S is refused from the group order on', () => {
    for (const s of [0n, 1n, order - 1n]) assert.equal(strictEncoding(signer.publicKey, withS(s)), true)
    for (const s of [order, order + 1n, 2n ** 253n, 2n ** 256n - 1n]) {
      assert.equal(strictEncoding(signer.publicKey, withS(s)), false)
    }
  })
})

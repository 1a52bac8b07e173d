/**
 * Signatures at the edges of Ed25519 (I2), where implementations are known to disagree: the classes of Chalkias, Garillot
 * and Nikolaenko, "Taming the many EdDSAs" (2020), built here from scalars and points.
 *
 * A case whose equation holds and which is refused all the same is worth most: only the strict encoding refuses it.
 */
import { createHash } from 'node:crypto'
import { ed25519 } from '@noble/curves/ed25519.js'
import { entityKey, fromHex, hex, join, otherKey, text } from './ground.ts'

const { Point } = ed25519
type Point = InstanceType<typeof Point>

export interface EdgeVector {
  readonly name: string
  readonly public_key: string
  readonly message: string
  readonly signature: string
  readonly valid: boolean
}

const L = Point.Fn.ORDER
const P = 2n ** 255n - 19n
/** A point of order 8; its multiples are all the points of small order. */
const T8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
const torsion = (times: number): Point => (times === 0 ? Point.ZERO : T8.multiplyUnsafe(BigInt(times)))

const littleEndian = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(64, '0')).reverse()
const withSign = (point: Uint8Array): Uint8Array => point.with(31, (point[31] ?? 0) | 0x80)

const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint =>
  BigInt(`0x${hex(Uint8Array.from(createHash('sha512').update(r).update(a).update(message).digest()).reverse())}`) % L

// Any two scalars serve; these are the hashes of their names.
const scalarOf = (name: string): bigint => BigInt(`0x${createHash('sha512').update(name).digest('hex')}`) % L
const a = scalarOf('private scalar')
const r = scalarOf('nonce scalar')

/** What is signed with: encodings of A and R that need not be those of a·B and r·B. */
interface Forgery {
  readonly encodedA: Uint8Array
  readonly encodedR: Uint8Array
  readonly a: bigint
  readonly r: bigint
  /** Remainder modulo 8 that the challenge must have; messages are tried until it has. */
  readonly challengeMod8?: bigint
}

const forge = (forgery: Forgery): { message: Uint8Array; signature: Uint8Array } => {
  for (let attempt = 0; ; attempt++) {
    const message = text(`edge ${attempt}`)
    const k = challenge(forgery.encodedR, forgery.encodedA, message)
    if (forgery.challengeMod8 !== undefined && k % 8n !== forgery.challengeMod8) continue
    return { message, signature: join(forgery.encodedR, littleEndian((forgery.r + k * forgery.a) % L)) }
  }
}

const honest: Forgery = {
  encodedA: Point.BASE.multiply(a).toBytes(),
  encodedR: Point.BASE.multiply(r).toBytes(),
  a,
  r,
}

const vector = (
  name: string,
  valid: boolean,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): EdgeVector => ({ name, public_key: hex(publicKey), message: hex(message), signature: hex(signature), valid })

const forged = (name: string, valid: boolean, change: Partial<Forgery>): EdgeVector => {
  const forgery = { ...honest, ...change }
  const { message, signature } = forge(forgery)
  return vector(name, valid, forgery.encodedA, message, signature)
}

const message = text('edge')
const signature = entityKey.sign(message)

const plain = (): EdgeVector[] => {
  const key = entityKey.publicKey
  const flip = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)
  return [
    vector(
      'RFC 8032 test 1',
      true,
      fromHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'),
      new Uint8Array(),
      fromHex(
        'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      ),
    ),
    vector('valid', true, key, message, signature),
    vector('altered message', false, key, flip(message, 0), signature),
    vector('altered R', false, key, message, flip(signature, 0)),
    vector('altered S', false, key, message, flip(signature, 32)),
    vector('altered key', false, flip(key, 0), message, signature),
    vector('wrong key', false, otherKey.publicKey, message, signature),
    vector('A negated', false, key.with(31, (key[31] ?? 0) ^ 0x80), message, signature),
    vector('R negated', false, key, message, signature.with(31, (signature[31] ?? 0) ^ 0x80)),
    vector('signature of 63 bytes', false, key, message, signature.slice(0, 63)),
    vector('signature of 65 bytes', false, key, message, join(signature, Uint8Array.of(0))),
    vector('empty signature', false, key, message, new Uint8Array()),
    vector('key of 31 bytes', false, key.slice(0, 31), message, signature),
    vector('key of 33 bytes', false, join(key, Uint8Array.of(0)), message, signature),
    vector('empty key', false, new Uint8Array(), message, signature),
    vector('A not on the curve', false, littleEndian(2n), message, signature),
    vector('R not on the curve', false, key, message, join(littleEndian(2n), signature.slice(32))),
    vector('all zero', false, new Uint8Array(32), message, new Uint8Array(64)),
  ]
}

const scalars = (): EdgeVector[] => {
  const { message, signature } = forge(honest)
  const encodedR = signature.slice(0, 32)
  const s = BigInt(`0x${hex(signature.slice(32).reverse())}`)
  const withS = (name: string, value: bigint, valid: boolean): EdgeVector =>
    vector(name, valid, honest.encodedA, message, join(encodedR, littleEndian(value)))
  return [
    withS('S below L', s, true),
    withS('S + L', s + L, false),
    withS('S + 8 L', s + 8n * L, false),
    withS('S = 0', 0n, false),
    withS('S = L - 1', L - 1n, false),
    withS('S = L', L, false),
    withS('S = 2^256 - 1', 2n ** 256n - 1n, false),
  ]
}

/** The equation holds exactly: the challenge is a multiple of 8, so A falls out of it, whatever the message. */
const smallOrderKeys = (): EdgeVector[] => [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((times) =>
    forged(`small-order A, ${times} T`, false, { encodedA: torsion(times).toBytes(), a: 0n, challengeMod8: 0n }),
  ),
  ...nonCanonical.map(([name, encodedA]) =>
    forged(`non-canonical A, ${name}`, false, { encodedA, a: 0n, challengeMod8: 0n }),
  ),
]

/** With r = 0 the left side is the neutral element: right for R = 0 T, and up to the cofactor for the others. */
const smallOrderNonces = (): EdgeVector[] => [
  ...[0, 1, 2, 3, 4, 5, 6, 7].map((times) =>
    forged(`small-order R, ${times} T`, false, { encodedR: torsion(times).toBytes(), r: 0n }),
  ),
  ...nonCanonical.map(([name, encodedR]) => forged(`non-canonical R, ${name}`, false, { encodedR, r: 0n })),
]

/** Second spellings: y not reduced, or the sign set where x is 0. */
const nonCanonical: readonly (readonly [string, Uint8Array])[] = [
  ['y = 1 with sign', withSign(littleEndian(1n))],
  ['y = -1 with sign', withSign(littleEndian(P - 1n))],
  ['y = p', littleEndian(P)],
  ['y = p with sign', withSign(littleEndian(P))],
  ['y = p + 1', littleEndian(P + 1n)],
  ['y = p + 1 with sign', withSign(littleEndian(P + 1n))],
  ['y = p + 3, not of small order', littleEndian(P + 3n)],
  ['y = 2^255 - 1', littleEndian(2n ** 255n - 1n)],
]

/** Points with a part of small order: the equation times 8 always holds; the one without cofactor decides. */
const mixedOrder = (): EdgeVector[] => {
  const encodedA = Point.BASE.multiply(a).add(T8).toBytes()
  const encodedR = Point.BASE.multiply(r).add(T8).toBytes()
  return [
    forged('mixed-order A, its torsion falls out', true, { encodedA, challengeMod8: 0n }),
    forged('mixed-order A, its torsion stays', false, { encodedA, challengeMod8: 1n }),
    forged('mixed-order A, torsion of order 2 stays', false, { encodedA, challengeMod8: 4n }),
    forged('mixed-order R', false, { encodedR }),
    forged('mixed-order A and R that cancel out', true, { encodedA, encodedR, challengeMod8: 7n }),
    forged('mixed-order A and R that do not cancel out', false, { encodedA, encodedR, challengeMod8: 1n }),
  ]
}

export const edgeVectors = (): EdgeVector[] => [
  ...plain(),
  ...scalars(),
  ...smallOrderKeys(),
  ...smallOrderNonces(),
  ...mixedOrder(),
]

/**
 * The part of rule I2 that needs no curve arithmetic: which encodings of points and scalars are refused before any
 * library sees them. Libraries differ exactly here, so both verifiers ask this file first.
 *
 * An encoded point is its y coordinate, 255 bits little-endian, and the sign of x in the top bit (RFC 8032 §5.1.2).
 */
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from '@rollcall/protocol'

const POINT_BYTES = 32

const fromHex = (hex: string): Uint8Array =>
  Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))

/**
 * The y coordinates of the eight points whose order divides 8: the neutral element, the point of order 2, the two of order
 * 4 and the four of order 8. With either sign bit: where x is 0 the wrong sign is a second, non-canonical spelling.
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(fromHex)

/** L, the order of the base point, little-endian. */
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')

/** Whether y is less than p = 2^255 − 19. The nineteen others are 0xed … 0xff, thirty times 0xff, then 0x7f. */
const isReduced = (point: Uint8Array): boolean => {
  if (((point[31] ?? 0) & 0x7f) !== 0x7f || (point[0] ?? 0) < 0xed) return true
  for (let i = 1; i < 31; i++) if (point[i] !== 0xff) return true
  return false
}

const hasY = (point: Uint8Array, y: Uint8Array): boolean => {
  for (let i = 0; i < 31; i++) if (point[i] !== y[i]) return false
  return ((point[31] ?? 0) & 0x7f) === y[31]
}

const isStrictPoint = (point: Uint8Array): boolean => isReduced(point) && !SMALL_ORDER_Y.some((y) => hasY(point, y))

/** Whether S is less than L; otherwise S and S − L would be two signatures of one message. */
const isReducedScalar = (scalar: Uint8Array): boolean => {
  for (let i = POINT_BYTES - 1; i >= 0; i--) {
    const difference = (scalar[i] ?? 0) - (ORDER[i] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

/**
 * Whether public key and signature are spelled as rule I2 demands: 32 and 64 bytes, A and R canonical and not of small
 * order, S below the group order. Says nothing about the signature itself, nor whether A is on the curve.
 * Cost: a few byte comparisons, under a microsecond.
 */
export const strictEncoding = (publicKey: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === PUBLIC_KEY_BYTES &&
  signature.length === SIGNATURE_BYTES &&
  isStrictPoint(publicKey) &&
  isStrictPoint(signature.subarray(0, POINT_BYTES)) &&
  isReducedScalar(signature.subarray(POINT_BYTES))

/**
 * What all vectors stand on: fixed keys, a fixed time, and the few layouts of bytes that are needed everywhere. Written with
 * node:crypto and by hand, not with the code under test; only the signatures are made by it, and those are deterministic.
 */
import { createHash } from 'node:crypto'
import { nobleSigner } from '@rollcall/identity'
import type { Signer } from '@rollcall/protocol'

export interface FixedKey extends Signer {
  readonly seed: Uint8Array
}

/** A seed is one byte, thirty-two times. */
const fixedKey = (byte: number): FixedKey => {
  const seed = new Uint8Array(32).fill(byte)
  return { seed, ...nobleSigner(seed) }
}

export const entityKey: FixedKey = fixedKey(1)
export const otherKey: FixedKey = fixedKey(2)
export const developerKey: FixedKey = fixedKey(3)
export const nodeKey: FixedKey = fixedKey(4)
export const otherNodeKey: FixedKey = fixedKey(5)

/** 2026-11-22T00:00:00Z in milliseconds: the time of every vector. */
export const timeMs = 1_795_305_600_000

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
export const text = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value, 'utf8'))
export const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))

export const u32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return Uint8Array.from(bytes)
}

/** The parts, each after its length in four bytes (G2). */
export const framed = (...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  join(
    ...parts.flatMap((part) => {
      const bytes = typeof part === 'string' ? text(part) : part
      return [u32(bytes.length), bytes]
    }),
  )

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(
    createHash('sha256')
      .update(join(...parts))
      .digest(),
  )

export const idHalf = (publicKey: Uint8Array): string => hex(sha256(publicKey)).slice(0, 32)
const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'

/** Base58 of bytes of which exactly the first is zero. */
const base58 = (bytes: Uint8Array): string => {
  let digits = ''
  for (let rest = BigInt(`0x${hex(bytes)}`); rest > 0n; rest /= 58n) digits = BASE58.charAt(Number(rest % 58n)) + digits
  return `1${digits}`
}

/** The libp2p peer id of an Ed25519 key; another header makes a text that only looks like one. */
export const peerId = (publicKey: Uint8Array, header = '002408011220'): string =>
  base58(join(fromHex(header), publicKey))

export const entityId = `zns:${idHalf(entityKey.publicKey)}`
export const otherId = `zns:${idHalf(otherKey.publicKey)}`
export const nodeId = peerId(nodeKey.publicKey)
export const otherNodeId = peerId(otherNodeKey.publicKey)
export const developerId = `zns:dev:${idHalf(developerKey.publicKey)}`

export const signatureText = (signer: Signer, message: Uint8Array): string => `ed25519:${base64(signer.sign(message))}`

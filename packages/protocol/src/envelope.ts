/**
 * A message of one node to all: origin, type and payload, signed as bytes (G2). Hop metadata is outside, so any number of
 * hops verifies, and a relayed message is still the origin's word that it was alive (L6).
 */
import { decodeWith, encode } from './codec.ts'
import type { SignatureCheck, Signer } from './crypto.ts'
import type { NodeId } from './ids.ts'
import { nodeIdOf, nodePublicKey, SIGNATURE_BYTES } from './keys.ts'
import { LIMITS } from './limits.ts'
import type { Result } from './result.ts'
import { DOMAINS, signedBytes } from './signed-bytes.ts'

/** Append only. */
export const ENVELOPE_TYPES = ['transitions', 'status'] as const
export type EnvelopeType = (typeof ENVELOPE_TYPES)[number]

export interface Envelope {
  readonly origin: NodeId
  readonly type: EnvelopeType
  /** What was signed, and what is decoded once it verified. */
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

export const sealEnvelope = (type: EnvelopeType, payload: Uint8Array, signer: Signer): Uint8Array =>
  encode([nodeIdOf(signer.publicKey), type, payload, signer.sign(signedBytes(DOMAINS[type], payload))])

export const openEnvelope = (bytes: Uint8Array): Result<Envelope> =>
  decodeWith('envelope', bytes, LIMITS.gossipBytesMax, (reader) => ({
    origin: reader.nodeId('origin'),
    type: reader.oneOf('type', ENVELOPE_TYPES),
    payload: reader.bytes('payload', LIMITS.gossipBytesMax),
    signature: reader.bytesExactly('signature', SIGNATURE_BYTES),
  }))

export const envelopeCheck = (envelope: Envelope): SignatureCheck => ({
  publicKey: nodePublicKey(envelope.origin),
  messages: [signedBytes(DOMAINS[envelope.type], envelope.payload)],
  signature: envelope.signature,
})

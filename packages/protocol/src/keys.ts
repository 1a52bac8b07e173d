import { base58 } from '@scure/base'
import { type NodeId, parseNodeId } from './ids.ts'
import { base64, fromBase64 } from './text.ts'

const PREFIX = 'ed25519:'

export const PUBLIC_KEY_BYTES = 32
export const SIGNATURE_BYTES = 64

/** `ed25519:` and padded base64 (I2). */
export const formatKey = (publicKey: Uint8Array): string => PREFIX + base64(publicKey)
export const formatSignature: (signature: Uint8Array) => string = formatKey

const parse = (text: string, length: number): Uint8Array | undefined => {
  if (!text.startsWith(PREFIX)) return undefined
  const bytes = fromBase64(text.slice(PREFIX.length))
  return bytes?.length === length ? bytes : undefined
}

/** 32 bytes of a public key on the wire, or undefined where the text is malformed. Its point is judged by the verifier. */
export const parseKey = (text: string): Uint8Array | undefined => parse(text, PUBLIC_KEY_BYTES)
/** 64 bytes of a signature on the wire, or undefined where the text is malformed. */
export const parseSignature = (text: string): Uint8Array | undefined => parse(text, SIGNATURE_BYTES)

// A libp2p peer id of an Ed25519 key is the identity multihash of the key's protobuf (libp2p specs, peer-ids).
const PEER_ID_HEADER = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)

/** The 32-byte public key that a node id spells. */
export const nodePublicKey = (node: NodeId): Uint8Array => base58.decode(node).subarray(PEER_ID_HEADER.length)

/** The id of the node with this 32-byte public key. */
export const nodeIdOf = (publicKey: Uint8Array): NodeId => {
  const bytes = new Uint8Array(PEER_ID_HEADER.length + publicKey.length)
  bytes.set(PEER_ID_HEADER)
  bytes.set(publicKey, PEER_ID_HEADER.length)
  const id = parseNodeId(base58.encode(bytes))
  if (id === undefined) throw new Error(`a node key has 32 bytes, not ${publicKey.length}`)
  return id
}

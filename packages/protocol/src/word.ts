/**
 * The word of a node for each of its transitions (I3), one signature for a whole turn: the node signs the root of a Merkle
 * tree over the presences it announced together, and each presence carries its path.
 *
 * Why a tree: ten thousand entities that fall silent together would cost ten thousand signatures here and as many
 * verifications on every peer; so it costs one of each per turn, and a presence can still travel alone in a sync.
 * Hashing follows RFC 9162 §2.1 (0x00 before a leaf, 0x01 before an inner node); a node without a sibling moves up.
 */
import { type Encodable, type Reader, refuse } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import type { EntityId, NodeId } from './ids.ts'
import { nodePublicKey, SIGNATURE_BYTES } from './keys.ts'
import { LIMITS } from './limits.ts'
import { sha256 } from './sha256.ts'
import { DOMAINS, signedBytes } from './signed-bytes.ts'

export interface Word {
  /**
   * Signature of the root (64 bytes), then the sibling hashes from the leaf up (32 bytes each), none for a presence announced
   * alone. Kept for every entity, hence one array: an array for each hash costs seven times its bytes.
   */
  readonly bytes: Uint8Array
  /** Bit i says that the i-th sibling of the path stands on the left. */
  readonly sides: number
}

const HASH_BYTES = 32
const LEAF = 0
const INNER = 1

const packed = (signature: Uint8Array, path: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(SIGNATURE_BYTES + HASH_BYTES * path.length)
  bytes.set(signature)
  path.forEach((hash, i) => {
    bytes.set(hash, SIGNATURE_BYTES + HASH_BYTES * i)
  })
  return bytes
}

const signatureIn = ({ bytes }: Word): Uint8Array => bytes.subarray(0, SIGNATURE_BYTES)

const pathIn = ({ bytes }: Word): Uint8Array[] =>
  Array.from({ length: (bytes.length - SIGNATURE_BYTES) / HASH_BYTES }, (_, i) => {
    const at = SIGNATURE_BYTES + HASH_BYTES * i
    return bytes.subarray(at, at + HASH_BYTES)
  })

/** Used anew for each inner node: its length is above what the engine keeps on its heap, so each array would cost a malloc. */
const scratch = new Uint8Array(1 + 2 * HASH_BYTES)

const inner = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  scratch[0] = INNER
  scratch.set(left, 1)
  scratch.set(right, 1 + HASH_BYTES)
  return sha256(scratch)
}

const LEAF_TAG = Uint8Array.of(LEAF)

const leafOf = (id: EntityId, presenceBytes: Uint8Array): Uint8Array =>
  sha256(LEAF_TAG, signedBytes(DOMAINS.presence, id, presenceBytes))

/**
 * One word per presence, in the order given, from a single call of `sign`.
 * Cost: n hashes for the leaves and n for the tree. At most 2^wordPathMax presences.
 */
export const signWords = (
  presences: readonly { readonly id: EntityId; readonly bytes: Uint8Array }[],
  sign: (message: Uint8Array) => Uint8Array,
): Word[] => {
  if (presences.length === 0) return []
  if (presences.length > 2 ** LIMITS.wordPathMax) throw new Error(`${presences.length} presences in one turn`)
  const paths = presences.map(() => ({ sides: 0, path: [] as Uint8Array[] }))
  // Each node of the current level with the leaves below it.
  let level = presences.map((presence, leaf) => ({ hash: leafOf(presence.id, presence.bytes), leaves: [leaf] }))
  while (level.length > 1) {
    const above: typeof level = []
    for (let i = 0; i < level.length; i += 2) {
      const left = level[i]
      const right = level[i + 1]
      if (left === undefined) break
      if (right === undefined) {
        above.push(left)
        continue
      }
      for (const leaf of left.leaves) paths[leaf]?.path.push(right.hash)
      for (const leaf of right.leaves) {
        const way = paths[leaf]
        if (way === undefined) continue
        way.sides |= 1 << way.path.length
        way.path.push(left.hash)
      }
      above.push({ hash: inner(left.hash, right.hash), leaves: left.leaves.concat(right.leaves) })
    }
    level = above
  }
  const root = level[0]?.hash ?? new Uint8Array(HASH_BYTES)
  const signature = sign(signedBytes(DOMAINS.word, root))
  return paths.map(({ path, sides }) => ({ bytes: packed(signature, path), sides }))
}

/** The signature that must hold for `attendant` to have announced this presence. Presences of one turn share it. */
export const wordCheck = (word: Word, id: EntityId, presenceBytes: Uint8Array, attendant: NodeId): SignatureCheck => {
  let root = leafOf(id, presenceBytes)
  pathIn(word).forEach((sibling, i) => {
    root = (word.sides >> i) & 1 ? inner(sibling, root) : inner(root, sibling)
  })
  const messages = [signedBytes(DOMAINS.word, root)]
  return { publicKey: nodePublicKey(attendant), messages, signature: signatureIn(word) }
}

export const encodeWord = (word: Word): Encodable => [signatureIn(word), word.sides, pathIn(word)]

export const readWord = (reader: Reader): Word => {
  const signature = reader.bytesExactly('word signature', SIGNATURE_BYTES)
  const sides = reader.uint('word sides', 2 ** LIMITS.wordPathMax - 1)
  const path = reader.list('word path', LIMITS.wordPathMax, (value) =>
    value instanceof Uint8Array && value.length === HASH_BYTES
      ? value
      : refuse('a hash of the word path is not 32 bytes'),
  )
  if (sides >> path.length !== 0) refuse('word sides has more bits than the path has hashes')
  return { bytes: packed(signature, path), sides }
}

/**
 * A filter as bytes. Big-endian: version (1 byte), positions a word (1), bits (4), words (4), capacity (4), then the
 * bits, eight a byte, lowest first, unused ones zero.
 *
 * The version also stands for how a word becomes positions (bloom-filters 3 over xxHash32 with its default seed):
 * change either and it must rise, or peers would read "no" for words that are there.
 */

/** Largest filter, 16 MiB: 11 million words at 1 %. Larger lets a peer take more memory. */
export const FILTER_BYTES_MAX = 16 * 1024 * 1024
/** Positions a word beyond which a filter only wastes time: 32 serve a rate of one in four thousand million. */
const HASH_COUNT_MAX = 32

const VERSION = 1
const HEADER_BYTES = 14

/** Bits of the largest filter. */
export const FILTER_BITS_MAX = (FILTER_BYTES_MAX - HEADER_BYTES) * 8

/** A filter's content, apart from how words are hashed. */
export interface FilterContent {
  readonly bits: Uint8Array
  readonly bitCount: number
  readonly hashCount: number
  readonly capacity: number
  readonly wordCount: number
}

/** Why bytes are no filter. */
export type FilterProblem = 'too_large' | 'unknown_version' | 'malformed'

export const encodeFilter = (content: FilterContent): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES + content.bits.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, VERSION)
  view.setUint8(1, content.hashCount)
  view.setUint32(2, content.bitCount)
  view.setUint32(6, content.wordCount)
  view.setUint32(10, content.capacity)
  bytes.set(content.bits, HEADER_BYTES)
  return bytes
}

/** The content of bytes from outside. `bits` is a view of `bytes`; nothing is allocated here. */
export const parseFilter = (bytes: Uint8Array, bytesMax: number): FilterContent | FilterProblem => {
  if (bytes.length > bytesMax) return 'too_large'
  if (bytes.length <= HEADER_BYTES) return 'malformed'
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint8(0) !== VERSION) return 'unknown_version'
  const content = {
    hashCount: view.getUint8(1),
    bitCount: view.getUint32(2),
    wordCount: view.getUint32(6),
    capacity: view.getUint32(10),
    bits: bytes.subarray(HEADER_BYTES),
  }
  if (content.hashCount < 1 || content.hashCount > HASH_COUNT_MAX) return 'malformed'
  // Fewer bytes than bits would read absent bits as zero: false negatives by the sender's choice of one number.
  if (content.bits.length !== Math.ceil(content.bitCount / 8)) return 'malformed'
  const usedBits = content.bitCount % 8
  const lastByte = content.bits.at(-1) ?? 0
  return usedBits !== 0 && lastByte >>> usedBits !== 0 ? 'malformed' : content
}

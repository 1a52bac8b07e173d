/**
 * Deterministic CBOR (RFC 8949 §4.2) for everything that nodes sign, store or send one another.
 *
 * Messages are arrays by position, not maps: smaller, and with one possible encoding each once integers and lengths are
 * minimal, so equal values are equal bytes. A reader takes every cap as an argument and never throws on foreign bytes:
 * `decodeWith` turns what a `Reader` refuses into a failure.
 *
 * Rejected: JSON (no bytes, many encodings of one value), protobuf (needs a generator, and unknown fields make two
 * encodings of one value).
 */
import { decode as cborDecode, encode as cborEncode, type Token, Tokenizer, Type } from 'cborg'
import { type NodeId, parseNodeId } from './ids.ts'
import { fail, ok, type Result } from './result.ts'
import { COUNTER_MAX, type Stamp, WALL_MS_MAX } from './stamp.ts'
import { fromUtf8 } from './text.ts'

export type Encodable = null | boolean | number | string | Uint8Array | readonly Encodable[]

export const encode = (value: Encodable): Uint8Array => cborEncode(value)

class Refusal extends Error {}

/** Walks one decoded array field by field. Every method names the field it refuses. */
export class Reader {
  readonly #values: readonly unknown[]
  #at = 0

  constructor(value: unknown, what: string) {
    if (!Array.isArray(value)) throw new Refusal(`${what} is not an array`)
    this.#values = value
  }

  uint(name: string, max: number = Number.MAX_SAFE_INTEGER): number {
    const value = this.#next(name)
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value > max) {
      throw new Refusal(`${name} is not an integer from 0 to ${max}`)
    }
    return value
  }

  text(name: string, charsMax: number): string {
    const value = this.#next(name)
    if (typeof value !== 'string' || value.length > charsMax) {
      throw new Refusal(`${name} is not a text of at most ${charsMax} characters`)
    }
    return value
  }

  /** One of a closed set of texts. */
  oneOf<T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.#next(name)
    const found = allowed.find((candidate) => candidate === value)
    if (found === undefined) throw new Refusal(`${name} is not one of ${allowed.join(', ')}`)
    return found
  }

  bytes(name: string, bytesMax: number): Uint8Array {
    const value = this.#next(name)
    if (!(value instanceof Uint8Array) || value.length > bytesMax) {
      throw new Refusal(`${name} is not a byte string of at most ${bytesMax} bytes`)
    }
    return value
  }

  bytesExactly(name: string, length: number): Uint8Array {
    const value = this.bytes(name, length)
    if (value.length !== length) throw new Refusal(`${name} is not ${length} bytes`)
    return value
  }

  nodeId(name: string): NodeId {
    const id = parseNodeId(this.text(name, 64))
    if (id === undefined) throw new Refusal(`${name} is not a node id`)
    return id
  }

  /** What `parse` makes of a text; refused where it makes nothing. */
  parsed<T>(name: string, charsMax: number, parse: (text: string) => T | undefined): T {
    const value = parse(this.text(name, charsMax))
    if (value === undefined) throw new Refusal(`${name} cannot be read`)
    return value
  }

  list<T>(name: string, lengthMax: number, read: (value: unknown) => T): T[] {
    const value = this.#next(name)
    if (!Array.isArray(value) || value.length > lengthMax) {
      throw new Refusal(`${name} is not a list of at most ${lengthMax}`)
    }
    return value.map(read)
  }

  nested<T>(name: string, read: (reader: Reader) => T): T {
    const reader = new Reader(this.#next(name), name)
    const value = read(reader)
    reader.end()
    return value
  }

  optional<T>(read: () => T): T | undefined {
    if (this.#values[this.#at] === null) {
      this.#at++
      return undefined
    }
    return read()
  }

  stamp(name: string): Stamp {
    return this.nested(name, readStamp)
  }

  /** Whether one field is left: for a message that has a short form. */
  isLast(): boolean {
    return this.#at === this.#values.length - 1
  }

  /** Refuses what is left over: two encodings of one message must not exist. */
  end(): void {
    if (this.#at !== this.#values.length) throw new Refusal('fields beyond the last known one')
  }

  #next(name: string): unknown {
    if (this.#at >= this.#values.length) throw new Refusal(`${name} is missing`)
    return this.#values[this.#at++]
  }
}

export const readStamp = (reader: Reader): Stamp => ({
  wallMs: reader.uint('wall ms', WALL_MS_MAX),
  counter: reader.uint('counter', COUNTER_MAX),
  node: reader.nodeId('node id'),
})

export const encodeStamp = (stamp: Stamp): Encodable => [stamp.wallMs, stamp.counter, stamp.node]

/** Ends a `decodeWith` with a sentence. Only for readers. */
export const refuse = (sentence: string): never => {
  throw new Refusal(sentence)
}

/**
 * Decodes `bytes` as one array with `read`. Fails with `malformed` and a sentence that names `what` and the field; with
 * `payload_too_large` before decoding when there are more than `bytesMax` bytes.
 */
export const decodeWith = <T>(
  what: string,
  bytes: Uint8Array,
  bytesMax: number,
  read: (reader: Reader) => T,
): Result<T> => {
  if (bytes.length > bytesMax) {
    return fail('payload_too_large', `${what} has ${bytes.length} bytes, at most ${bytesMax} are taken`)
  }
  try {
    const tokenizer = new StrictTokenizer(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), DECODE_OPTIONS)
    const reader = new Reader(cborDecode(bytes, { ...DECODE_OPTIONS, tokenizer }), what)
    const value = read(reader)
    reader.end()
    return ok(value)
  } catch (error) {
    return fail('malformed', `${what}: ${error instanceof Error ? error.message : 'not CBOR'}`)
  }
}

const DECODE_OPTIONS = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowBigInt: false,
} as const

const WRITTEN: readonly Type[] = [Type.uint, Type.bytes, Type.string, Type.array, Type.null, Type.true, Type.false]

/**
 * Refuses what cborg reads and `encode` never writes, because each is a second encoding of some value: floats (1.0 is read
 * as 1), maps, tags, negative integers, and texts of which the decoder would mend broken UTF-8 or drop a byte order mark.
 */
class StrictTokenizer extends Tokenizer {
  override next(): Token {
    const at = this.pos()
    const token = super.next()
    if (!WRITTEN.includes(token.type)) throw new Refusal(`${token.type.name} is never written`)
    if (token.type === Type.string) token.value = this.#strictText(at, token.value)
    return token
  }

  /** The text of the item at `at`, which the decoder read as `text`. */
  #strictText(at: number, text: string): string {
    const from = at + (HEADER_BYTES[(this.data[at] ?? 0) - FIRST_TEXT] ?? 1)
    // As many characters as bytes, and nothing mended: all of it is ASCII.
    if (text.length === this.pos() - from && !text.includes('\ufffd')) return text
    return fromUtf8(this.data.subarray(from, this.pos())) ?? refuse('a text is not UTF-8')
  }
}

/** First byte of a text with its length in it, and how long the header is where the length follows in 1, 2, 4 or 8 bytes. */
const FIRST_TEXT = 0x60
const HEADER_BYTES: Readonly<Record<number, number>> = { 24: 2, 25: 3, 26: 5, 27: 9 }

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  decodeWith,
  type Encodable,
  encode,
  encodeStamp,
  type Reader,
  type Result,
  readStamp,
  utf8,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { codeOf, failureOf, fromHex, hex, node, stamps, unwrap } from './kit.ts'

/** Reads one array of one field, of which everything is taken. */
const readAny = (bytes: Uint8Array): Result<unknown> =>
  decodeWith('sample', bytes, 1_000_000, (reader) => reader.list('fields', 1_000_000, (value) => value))

const decodeOne = (value: Encodable): Result<unknown> => readAny(encode([[value]]))
const refused = (hexText: string): void => assert.equal(codeOf(readAny(fromHex(hexText))), 'malformed')

const encodable: fc.Arbitrary<Encodable> = fc.letrec<{ value: Encodable }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeNat(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('value')),
  ),
})).value

describe('G2: one value has one encoding', () => {
  const known: readonly (readonly [Encodable, string])[] = [
    [0, '00'],
    [23, '17'],
    [24, '1818'],
    [255, '18ff'],
    [256, '190100'],
    [65_535, '19ffff'],
    [65_536, '1a00010000'],
    [2 ** 32, '1b0000000100000000'],
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
    [null, 'f6'],
    [true, 'f5'],
    [false, 'f4'],
    ['', '60'],
    ['ü', '62c3bc'],
    ['水', '63e6b0b4'],
    [new Uint8Array(), '40'],
    [Uint8Array.of(1, 2, 3, 4), '4401020304'],
    [[], '80'],
    [[1, [2, 3], [4, 5]], '8301820203820405'],
  ]
  for (const [value, expected] of known) {
    test(`RFC 8949: ${JSON.stringify(value)} is ${expected}`, () => assert.equal(hex(encode(value)), expected))
  }

  test('decoding gives back what was encoded', () => {
    fc.assert(fc.property(encodable, (value) => assert.deepEqual(unwrap(decodeOne(value)), [value])))
  })

  test('bytes that decode are the encoding of what they decode to', () => {
    const nearly = fc.tuple(encodable, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const bytes = encode([[value]])
      return bytes.with(at % bytes.length, byte)
    })
    fc.assert(
      fc.property(fc.oneof(nearly, fc.uint8Array()), (bytes) => {
        const result = readAny(bytes)
        if (result.ok) assert.equal(hex(encode([result.value as Encodable])), hex(bytes))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('foreign bytes are refused, never thrown at the caller', () => {
  const second: Record<string, string> = {
    'an integer in more bytes than needed': '81811800',
    'a length in more bytes than needed': '81815801ff',
    'an array length in more bytes than needed': '81980100',
    'a text length in more bytes than needed': '8181780161',
    'a list of indefinite length': '819f00ff',
    'a text of indefinite length': '81817f6161ff',
    'bytes of indefinite length': '81815f4161ff',
    'a half float that is an integer': '8181f93c00',
    'a double that is an integer': '8181fb3ff0000000000000',
    'minus zero': '8181f98000',
    'not a number': '8181f97e00',
    infinity: '8181f97c00',
    'a negative integer': '818120',
    'an integer beyond the safe ones': '81811b0020000000000000',
    undefined: '8181f7',
    'a simple value': '8181f820',
    'a map': '8181a0',
    'a map with a key twice': '8181a2616101616102',
    'a tag': '8181c000',
    'a text that is not UTF-8': '818161ff',
    'a text with an encoded surrogate': '818163eda080',
    'a long text that is not UTF-8': `81817828${'61'.repeat(39)}ff`,
    'bytes that follow': '818000',
    'nothing at all': '',
    'an array cut off': '8182',
    'a text cut off': '81816261',
    'a length that no memory holds': '81819b001fffffffffffff',
    'a break': 'ff',
  }
  for (const [name, bytes] of Object.entries(second)) test(name, () => refused(bytes))

  test('a byte order mark is kept, not dropped', () => {
    assert.deepEqual(unwrap(decodeOne('\ufeffa')), ['\ufeffa'])
    assert.deepEqual(unwrap(decodeOne(`\ufeff${'a'.repeat(40)}`)), [`\ufeff${'a'.repeat(40)}`])
  })

  test('the character that stands for what cannot be read is a character like any other', () => {
    assert.deepEqual(unwrap(decodeOne('a\ufffdb')), ['a\ufffdb'])
  })

  test('depth without end', () => refused('81'.repeat(200_000)))

  test('random bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.ok('ok' in readAny(bytes))))
  })

  test('a view into a larger buffer is read as itself', () => {
    const bytes = Buffer.concat([Buffer.alloc(3, 0xff), encode([[Uint8Array.of(1, 2)]]), Buffer.alloc(3, 0xff)])
    const value = unwrap(readAny(bytes.subarray(3, -3)))
    assert.deepEqual(value, [Uint8Array.of(1, 2)])
    bytes.fill(0)
    assert.deepEqual(value, [Uint8Array.of(1, 2)])
  })

  test('more bytes than the cap, before anything is decoded', () => {
    const tooLong = failureOf(decodeWith('sample', new Uint8Array(11), 10, () => assert.fail('decoded')))
    assert.equal(tooLong.code, 'payload_too_large')
    assert.match(tooLong.message, /sample has 11 bytes, at most 10/)
  })
})

describe('a reader names the field that it refuses', () => {
  const read = <T>(value: Encodable, take: (reader: Reader) => T): Result<T> =>
    decodeWith('sample', encode(value), 1_000, take)
  const refuses = (value: Encodable, take: (reader: Reader) => unknown, message: RegExp): void => {
    const failure = failureOf(read(value, take))
    assert.equal(failure.code, 'malformed')
    assert.match(failure.message, message)
  }

  test('integers, up to their maximum', () => {
    assert.equal(unwrap(read([7], (reader) => reader.uint('count', 7))), 7)
    refuses([8], (reader) => reader.uint('count', 7), /count is not an integer from 0 to 7/)
    refuses(['7'], (reader) => reader.uint('count'), /count/)
  })

  test('texts, up to their length', () => {
    assert.equal(unwrap(read(['abc'], (reader) => reader.text('name', 3))), 'abc')
    refuses(['abcd'], (reader) => reader.text('name', 3), /name is not a text of at most 3/)
    refuses([utf8('abc')], (reader) => reader.text('name', 3), /name/)
  })

  test('bytes, up to their length or of one length', () => {
    assert.equal(unwrap(read([new Uint8Array(3)], (reader) => reader.bytes('key', 3))).length, 3)
    refuses([new Uint8Array(4)], (reader) => reader.bytes('key', 3), /at most 3 bytes/)
    refuses([new Uint8Array(2)], (reader) => reader.bytesExactly('key', 3), /key is not 3 bytes/)
    refuses(['abc'], (reader) => reader.bytesExactly('key', 3), /key/)
  })

  test('one of a closed set', () => {
    assert.equal(unwrap(read(['b'], (reader) => reader.oneOf('kind', ['a', 'b']))), 'b')
    refuses(['c'], (reader) => reader.oneOf('kind', ['a', 'b']), /kind is not one of a, b/)
    refuses(['toString'], (reader) => reader.oneOf('kind', ['a', 'b']), /kind/)
  })

  test('lists, up to their length', () => {
    assert.deepEqual(unwrap(read([[1, 2]], (reader) => reader.list('all', 2, (value) => value))), [1, 2])
    refuses([[1, 2, 3]], (reader) => reader.list('all', 2, (value) => value), /all is not a list of at most 2/)
    refuses([1], (reader) => reader.list('all', 2, (value) => value), /all/)
  })

  test('what may be absent', () => {
    const take = (reader: Reader): number | undefined => reader.optional(() => reader.uint('count'))
    assert.equal(unwrap(read([null], take)), undefined)
    assert.equal(unwrap(read([1], take)), 1)
    refuses(['x'], take, /count/)
  })

  test('node ids and stamps', () => {
    assert.equal(unwrap(read([node], (reader) => reader.nodeId('origin'))), node)
    refuses(['12D3KooW'], (reader) => reader.nodeId('origin'), /origin is not a node id/)
    for (const broken of [[2 ** 48, 0, node], [0, 0x10000, node], [0, 0, 'x'], [0, 0], []]) {
      refuses([broken], (reader) => reader.stamp('birth'), /./)
    }
    refuses([[0, 0, node, 0]], (reader) => reader.stamp('birth'), /beyond the last/)
  })

  test('a message that has a short form is told by its last field', () => {
    const take = (reader: Reader): number =>
      reader.isLast() ? reader.uint('short') : reader.uint('long') + reader.uint('more')
    assert.equal(unwrap(read([1], take)), 1)
    assert.equal(unwrap(read([1, 2], take)), 3)
    refuses([1, 2, 3], take, /beyond the last/)
    refuses([], take, /long is missing/)
  })

  test('too few fields, and too many', () => {
    refuses([], (reader) => reader.uint('count'), /count is missing/)
    refuses([1, 2], (reader) => reader.uint('count'), /beyond the last/)
    refuses([[1, 2]], (reader) => reader.nested('inner', (inner) => inner.uint('count')), /beyond the last/)
    refuses('text', (reader) => reader.uint('count'), /sample is not an array/)
    refuses([1], (reader) => reader.nested('inner', (inner) => inner.uint('count')), /inner is not an array/)
  })
})

test('M4: a stamp is read back as it was written', () => {
  fc.assert(
    fc.property(stamps, (stamp) => {
      assert.deepEqual(unwrap(decodeWith('stamp', encode(encodeStamp(stamp)), 100, readStamp)), stamp)
    }),
  )
})

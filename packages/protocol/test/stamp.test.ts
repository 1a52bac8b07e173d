import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  compareBytes,
  compareStamps,
  compareText,
  equalBytes,
  formatStamp,
  parseStamp,
  signedBytes,
  utf8,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { hex, node, otherNode, stamp, stamps } from './kit.ts'

test('M2: stamps are ordered by time, then counter, then node', () => {
  const [low, high] = [node, otherNode].sort()
  const ordered = [stamp(0, 0, low), stamp(0, 0, high), stamp(0, 1, low), stamp(0, 0xffff, high), stamp(1, 0, low)]
  ordered.forEach((a, i) => {
    ordered.forEach((b, j) => {
      assert.equal(Math.sign(compareStamps(a, b)), Math.sign(i - j))
    })
  })
})

test('M2: the order of stamps is total', () => {
  fc.assert(
    fc.property(stamps, stamps, stamps, (a, b, c) => {
      assert.equal(compareStamps(a, b) === 0, formatStamp(a) === formatStamp(b))
      assert.equal(Math.sign(compareStamps(a, b)), 0 - Math.sign(compareStamps(b, a)))
      if (compareStamps(a, b) <= 0 && compareStamps(b, c) <= 0) assert.ok(compareStamps(a, c) <= 0)
    }),
  )
})

test('the order of bytes is that of their hexadecimal text', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
      assert.equal(Math.sign(compareBytes(a, b)), compareText(hex(a), hex(b)))
      assert.equal(equalBytes(a, b), hex(a) === hex(b))
    }),
  )
})

test('a stamp is shown as its three parts', () => {
  assert.equal(formatStamp(stamp(5, 3)), `1795305600005.3.${node}`)
})

test('G2: signed bytes are the domain and each part, after its length', () => {
  assert.equal(
    hex(signedBytes('rollcall/word/1', 'ab', Uint8Array.of(7))),
    `0000000f${hex(utf8('rollcall/word/1'))}0000000261620000000107`,
  )
})

test('G2: no two lists of parts are signed as the same bytes', () => {
  const parts = fc.array(fc.string({ unit: fc.constantFrom('', 'a', '\0', '\u0001') }), { maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      const same = hex(signedBytes('rollcall/beat/1', ...a)) === hex(signedBytes('rollcall/beat/1', ...b))
      assert.equal(same, JSON.stringify(a) === JSON.stringify(b))
    }),
    { numRuns: 500 },
  )
})

test('a stamp is read from its text, and from no other', () => {
  fc.assert(fc.property(stamps, (a) => assert.deepEqual(parseStamp(formatStamp(a)), a)))
  const text = formatStamp(stamp(7, 3, node))
  const wrong = ['', '7.3', `07.3.${node}`, `7.65536.${node}`, `${2 ** 48}.0.${node}`, '7.3.me', ` ${text}`, `${text} `]
  for (const one of wrong) assert.equal(parseStamp(one), undefined, one)
})

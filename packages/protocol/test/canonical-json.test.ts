import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { canonicalJson, isWellFormedJson, type Json, LIMITS, parseJsonObject } from '@rollcall/protocol'
import fc from 'fast-check'
import { readVectors } from './kit.ts'

interface JsonVectors {
  readonly equal: readonly { readonly name: string; readonly value: Json; readonly canonical: string }[]
  readonly not_well_formed: readonly string[]
}

const vectors = readVectors<JsonVectors>('canonical-json.json')
const json = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>

describe('canonical JSON', () => {
  for (const { name, value, canonical } of vectors.equal) {
    test(name, () => assert.equal(canonicalJson(value), canonical))
  }

  test('keys are sorted by UTF-16 unit', () => {
    assert.equal(canonicalJson({ '\ufb33': 1, '\u{1f600}': 2, z: 3 }), '{"z":3,"\u{1f600}":2,"\ufb33":1}')
  })

  test('what is missing is null, and minus zero is zero', () => {
    assert.equal(canonicalJson({ a: undefined, b: -0 }), '{"a":null,"b":0}')
    assert.equal(canonicalJson(undefined), 'null')
  })

  test('a member named __proto__ is a member', () => {
    assert.equal(canonicalJson(JSON.parse('{"__proto__":1,"a":2}')), '{"__proto__":1,"a":2}')
  })

  test('it says the same as the value, in one way', () => {
    fc.assert(
      fc.property(json, (value) => {
        const text = canonicalJson(value)
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
        assert.equal(canonicalJson(JSON.parse(text)), text)
      }),
    )
  })

  test('the order in which members were added does not matter', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        assert.equal(canonicalJson(reversed), canonicalJson(value))
      }),
    )
  })
})

describe('half a surrogate pair', () => {
  for (const text of vectors.not_well_formed) {
    test(`is seen in ${text}`, () => assert.equal(isWellFormedJson(JSON.parse(text)), false))
  }

  test('is not seen where there is none', () => {
    for (const value of ['', '🤖', 'a\u{10ffff}b', ['ä', { '🤖': ['é'] }], null, 1, undefined]) {
      assert.equal(isWellFormedJson(value), true)
    }
  })
})

describe('an object is read from text', () => {
  test('or not, but never by throwing', () => {
    for (const text of ['', '[]', '1', '"a"', 'null', '{', '\ufeff{}', '{"a":1}x', "{'a':1}"]) {
      assert.equal(parseJsonObject(text), undefined)
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.ok(['object', 'undefined'].includes(typeof parseJsonObject(text)))
      }),
    )
  })

  test('up to the greatest depth, and not beyond: whatever walks it may recurse', () => {
    const nested = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const lists = (depth: number): string => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`
    assert.notEqual(parseJsonObject(nested(LIMITS.jsonDepthMax)), undefined)
    assert.equal(parseJsonObject(nested(LIMITS.jsonDepthMax + 1)), undefined)
    assert.notEqual(parseJsonObject(lists(LIMITS.jsonDepthMax - 1)), undefined)
    for (const depth of [LIMITS.jsonDepthMax, 30_000]) assert.equal(parseJsonObject(lists(depth)), undefined)
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fold } from '@rollcall/search'
import fc from 'fast-check'
import { TOKEN_CODE_POINTS_MAX, VALUE_CHARS_MAX } from '../src/limits.ts'
import { foldLabel, queryTokens } from '../src/tokenizer.ts'
import { documentTokens } from './documents.ts'

const anyText = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))

test('F1: words are runs of letters and digits, without regard to case', () => {
  const cases: [string, string[]][] = [
    ['GPT-4 get_weather', ['gpt', '4', 'get', 'weather']],
    ['Straße, CAFÉ!', ['straße', 'café']],
    ['ＦＵＬＬ ①ﬁ', ['full', '1fi']],
    ['ΟΔΟΣ οδος', ['οδοσ', 'οδοσ']],
    ['हिन्दी भाषा', ['हिन्दी', 'भाषा']],
    ['한국어 날씨', ['한국어', '날씨']],
    ['wea\u00adther wea\u200bther', ['weather', 'weather']],
    ['cafe\u0301', ['café']],
    ['🤖 … ---', []],
  ]
  for (const [text, words] of cases) {
    assert.deepEqual(queryTokens(text), words)
    assert.deepEqual(documentTokens(text), words)
  }
})

test('F1: the words of ASCII text are its runs of letters and digits', () => {
  const ascii = fc.array(fc.constantFrom('a', 'z', 'Z', '0', '9', '/', ':', '`', '{', ' ', 'x'.repeat(45)))
  fc.assert(
    fc.property(
      fc.oneof(
        ascii.map((chars) => chars.join('')),
        fc.string(),
      ),
      (text) => {
        const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
        const cut = words.map((word) => word.slice(0, TOKEN_CODE_POINTS_MAX))
        assert.deepEqual(documentTokens(text), cut)
        assert.deepEqual(queryTokens(text), cut)
      },
    ),
  )
})

test('F1: scripts without spaces become pairs, and in documents single characters too', () => {
  assert.deepEqual(queryTokens('天気予報'), ['天気', '気予', '予報'])
  assert.deepEqual(queryTokens('猫'), ['猫'])
  assert.deepEqual(documentTokens('黒猫'), ['黒', '猫', '黒猫'])
  assert.deepEqual(queryTokens('AI天気bot'), ['ai', '天気', 'bot'])
  assert.deepEqual(queryTokens('ที่นี่'), ['ที่นี่'])
})

test('F1: every word of a query for a document’s text is a word of the document', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const indexed = new Set(documentTokens(text))
      for (const word of queryTokens(text)) assert.ok(indexed.has(word))
    }),
    { numRuns: 2000 },
  )
})

test('F1: case and composition do not matter, and folding twice is folding once', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      assert.equal(fold(fold(text)), fold(text))
      assert.deepEqual(queryTokens(text.normalize('NFD')), queryTokens(text))
      for (const word of queryTokens(text)) assert.deepEqual(queryTokens(word), [word])
    }),
    { numRuns: 5000 },
  )
})

test('F1: labels equal as wholes have equal words', () => {
  assert.equal(foldLabel('  Travel & CO '), foldLabel('travel & co'))
})

test('F1: token length and text length are capped', () => {
  const [token] = queryTokens('x'.repeat(500))
  assert.equal(token?.length, TOKEN_CODE_POINTS_MAX)
  assert.equal([...(queryTokens('𝔘é𐐷'.repeat(100))[0] ?? '')].length, TOKEN_CODE_POINTS_MAX)
  assert.deepEqual(queryTokens(`${' '.repeat(VALUE_CHARS_MAX)}late`), [])
})

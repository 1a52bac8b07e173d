import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type ServerSentEvent, SseParser } from '../src/http/sse.ts'

const parse = (pieces: readonly string[]): readonly ServerSentEvent[] => {
  const parser = new SseParser()
  return pieces.flatMap((piece) => parser.push(piece))
}

test('events are read with id, type and data; comments and unknown fields are passed over', () => {
  const text = ': hello\nretry: 5\n\nid: 7\nevent: active\ndata: {"a":\ndata: 1}\n\ndata:x\n\nid\ndata\n\n'
  assert.deepEqual(parse([text]), [
    { id: '7', event: 'active', data: '{"a":\n1}' },
    { id: '7', event: 'message', data: 'x' },
    { id: '', event: 'message', data: '' },
  ])
})

test('an event without its blank line is not given', () => {
  assert.deepEqual(parse(['data: half\n']), [])
})

test('however the stream is cut, and whatever ends its lines, the events are the same', () => {
  const line = fc.constantFrom('data: a', 'data: bb: c', 'id: 4', 'event: e', ': comment', '')
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('\n', '\r', '\r\n'), fc.array(fc.nat(40)), (lines, end, cuts) => {
      // A line feed at the very end closes the last line also where that ended with a lone carriage return.
      const text = `${lines.map((one) => one + end).join('')}${end === '\r' ? ':\n' : ''}`
      const at = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
      const pieces = at.slice(1).map((stop, i) => text.slice(at[i], stop))
      assert.deepEqual(parse(pieces), parse([lines.map((one) => `${one}\n`).join('')]))
    }),
  )
})

test('a line without an end is refused, not kept', () => {
  assert.throws(() => parse(['data: ', 'x'.repeat(2 ** 20)]), /no end/)
})

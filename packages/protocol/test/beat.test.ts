import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Beat,
  beatCheck,
  decodeWith,
  encode,
  encodeBeat,
  equalBeats,
  formatKey,
  nativeBeatBytes,
  parseBeatTime,
  parseDocumentedFrame,
  parseZyndFrame,
  type Result,
  readBeat,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { codeOf, entity, holds, id, nativeBeat, node, other, otherId, otherNode, timeMs, unwrap } from './kit.ts'

const sign = (text: string): string => formatKey(entity.sign(new TextEncoder().encode(text)))
const read = (beat: Beat): Result<Beat> => decodeWith('beat', encode(encodeBeat(beat)), 1_000, readBeat)

describe('L10: a native beat is bound', () => {
  const beat = nativeBeat()
  const held = (change: Partial<Beat>, about = id, key = entity.publicKey): boolean =>
    holds(beatCheck({ ...beat, ...change }, about, key))

  test('to entity, node, nonce, time and status', () => {
    assert.ok(held({}))
    assert.ok(!held({}, otherId))
    assert.ok(!held({ node: otherNode }))
    assert.ok(!held({ text: 'nonce-2' }))
    assert.ok(!held({ timeMs: timeMs + 1 }))
    assert.ok(!held({ status: 'inactive' }))
    assert.ok(!held({}, id, other.publicKey))
  })

  test('a goodbye is a beat with status inactive', () => {
    const goodbye = nativeBeat('inactive')
    assert.ok(holds(beatCheck(goodbye, id, entity.publicKey)))
    assert.ok(!holds(beatCheck({ ...goodbye, status: 'active' }, id, entity.publicKey)))
  })

  test('no parts of it can be shifted into one another', () => {
    const bytes = nativeBeatBytes({ entityId: id, node, nonce: 'a', timeMs: 12, status: 'active' })
    const shifted = nativeBeatBytes({ entityId: id, node, nonce: 'a1', timeMs: 2, status: 'active' })
    assert.notDeepEqual(bytes, shifted)
  })

  test('one without a node is a programmer error', () => {
    assert.throws(() => beatCheck({ ...beat, node: undefined }, id, entity.publicKey), /names its node/)
  })
})

describe("L10: Zynd's two forms are taken", () => {
  test('zynd-S5: {timestamp, signature}, over the timestamp as sent', () => {
    const text = '2026-11-22T00:00:00Z'
    const beat = unwrap(parseZyndFrame(JSON.stringify({ timestamp: text, signature: sign(text) })))
    assert.deepEqual(
      [beat.form, beat.timeMs, beat.text, beat.status, beat.node],
      ['zynd', timeMs, text, 'active', undefined],
    )
    assert.ok(holds(beatCheck(beat, id, entity.publicKey)))
    assert.ok(!holds(beatCheck(beat, id, other.publicKey)))
    assert.ok(!holds(beatCheck({ ...beat, text: '2026-11-22T00:00:00+00:00' }, id, entity.publicKey)))
  })

  test("zynd-S5': {agent_id, timestamp, signature}, over id and timestamp, seconds or RFC 3339, with or without type", () => {
    for (const timestamp of [timeMs / 1000, String(timeMs / 1000), '2026-11-22T00:00:00Z']) {
      for (const type of [undefined, 'heartbeat']) {
        const frame = JSON.stringify({ type, agent_id: id, timestamp, signature: sign(`${id}${timestamp}`) })
        const { entityId, beat } = unwrap(parseDocumentedFrame(frame))
        assert.equal(entityId, id)
        assert.deepEqual([beat.form, beat.timeMs], ['documented', timeMs])
        assert.ok(holds(beatCheck(beat, id, entity.publicKey)))
        assert.ok(!holds(beatCheck(beat, otherId, entity.publicKey)))
      }
    }
  })

  test('the id may stand under entity_id', () => {
    const frame = { entity_id: id, timestamp: 1, signature: sign(`${id}1`) }
    assert.equal(unwrap(parseDocumentedFrame(JSON.stringify(frame))).entityId, id)
  })

  const signature = sign('x')
  const timestamp = '2026-11-22T00:00:00Z'
  const broken: Record<string, unknown> = {
    'no object': [],
    'no timestamp': { signature },
    'a timestamp that is none': { timestamp: 'now', signature },
    'a timestamp that is long': { timestamp: `2026-11-22T00:00:00.${'0'.repeat(40)}Z`, signature },
    'a timestamp that is a list': { timestamp: [timestamp], signature },
    'no signature': { timestamp },
    'a short signature': { timestamp, signature: 'ed25519:AAAA' },
    'a signature without prefix': { timestamp, signature: signature.slice('ed25519:'.length) },
  }
  for (const [name, frame] of Object.entries(broken)) {
    test(`a frame with ${name} is malformed`, () => {
      assert.equal(codeOf(parseZyndFrame(JSON.stringify(frame))), 'malformed')
      assert.equal(codeOf(parseDocumentedFrame(JSON.stringify({ ...(frame as object), agent_id: id }))), 'malformed')
    })
  }

  test('a documented frame of another type, or about nobody, is malformed', () => {
    const good = { agent_id: id, timestamp, signature }
    for (const frame of [
      { ...good, type: 'hello' },
      { ...good, agent_id: 'x' },
      { ...good, agent_id: undefined },
      null,
    ]) {
      assert.equal(codeOf(parseDocumentedFrame(JSON.stringify(frame))), 'malformed')
    }
  })

  test('seconds as a number are taken only in the documented form, and only whole ones', () => {
    assert.equal(codeOf(parseZyndFrame(JSON.stringify({ timestamp: 1, signature }))), 'malformed')
    for (const wrong of [0.5, -1, 1e12, 1e300]) {
      assert.equal(
        codeOf(parseDocumentedFrame(JSON.stringify({ agent_id: id, timestamp: wrong, signature }))),
        'malformed',
      )
    }
  })

  test('any text gives a beat or a failure', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        assert.equal(typeof parseZyndFrame(text).ok, 'boolean')
        assert.equal(typeof parseDocumentedFrame(text).ok, 'boolean')
      }),
    )
  })
})

describe('a timestamp is read', () => {
  const read: Record<string, number> = {
    '2026-11-22T00:00:00Z': timeMs,
    '2026-11-22t00:00:00z': timeMs,
    '2026-11-22 00:00:00Z': timeMs,
    '2026-11-22T01:30:00+01:30': timeMs,
    '2026-11-21T20:00:00-04:00': timeMs,
    '2026-11-22T00:00:00-00:00': timeMs,
    '2026-11-22T00:00:00.5Z': timeMs + 500,
    '2026-11-22T00:00:00.123456789Z': timeMs + 123,
    '1970-01-01T00:00:00Z': 0,
    '1795305600': timeMs,
    '0': 0,
  }
  for (const [text, ms] of Object.entries(read)) test(`as ${ms}: ${text}`, () => assert.equal(parseBeatTime(text), ms))

  const refused = [
    '',
    'now',
    '2026-11-22',
    '2026-11-22T00:00Z',
    '2026-11-22T00:00:00',
    '2026-11-22T00:00:00+0100',
    '2026-13-01T00:00:00Z',
    '2026-11-22T24:00:01Z',
    '2026-11-22T00:60:00Z',
    '2026-11-22T00:00:60Z',
    '2026-11-22T00:00:00+99:99',
    '2026-11-22T00:00:00.Z',
    '1969-12-31T23:59:59Z',
    '+1795305600',
    '-1',
    '1e9',
    '0x10',
    '1795305600.5',
    '179530560000',
    ' 1795305600',
    '1795305600\n',
    '٢٠٢٦-11-22T00:00:00Z',
  ]
  for (const text of refused) {
    test(`as none: ${JSON.stringify(text)}`, () => assert.equal(parseBeatTime(text), undefined))
  }
})

test('I3: a beat equals itself, and none that differs in anything', () => {
  const beat = nativeBeat()
  assert.ok(equalBeats(beat, unwrap(read(beat))))
  const changes: Partial<Beat>[] = [
    { form: 'documented' },
    { timeMs: timeMs + 1 },
    { text: 'nonce-2' },
    { status: 'inactive' },
    { node: otherNode },
    { signature: beat.signature.with(63, (beat.signature[63] ?? 0) ^ 1) },
  ]
  for (const change of changes) assert.ok(!equalBeats(beat, { ...beat, ...change }), Object.keys(change).join())
})

describe('a beat is read back as it was written', () => {
  const zynd: Beat = {
    form: 'zynd',
    timeMs,
    text: '2026-11-22T00:00:00Z',
    status: 'active',
    node: undefined,
    signature: new Uint8Array(64),
  }

  test('in its three forms', () => {
    for (const beat of [nativeBeat(), nativeBeat('inactive'), zynd, { ...zynd, form: 'documented' as const }]) {
      assert.deepEqual(unwrap(read(beat)), beat)
    }
  })

  test('and refused where its parts contradict one another', () => {
    const contradictions: Beat[] = [
      { ...nativeBeat(), node: undefined },
      { ...zynd, node },
      { ...zynd, status: 'inactive' },
      { ...zynd, timeMs: timeMs + 1 },
      { ...zynd, text: 'now' },
      { ...nativeBeat(), text: 'n'.repeat(65) },
      { ...nativeBeat(), signature: new Uint8Array(63) },
    ]
    for (const beat of contradictions) assert.equal(codeOf(read(beat)), 'malformed')
  })
})

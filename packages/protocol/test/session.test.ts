import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  beatCheck,
  bindBeat,
  type EntityId,
  entityIdOf,
  formatKey,
  LIMITS,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
  parseClientFrame,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { codeOf, entity, failureOf, holds, id, nativeBeat, node, otherId, timeMs, unwrap } from './kit.ts'

const parse = (frame: unknown) => parseClientFrame(JSON.stringify(frame))
const hello = { type: 'hello', entities: [id, otherId], protocol: PROTOCOL_VERSION, client: 'test' }
const heartbeat = {
  type: 'heartbeat',
  entity_id: id,
  timestamp_ms: timeMs,
  signature: formatKey(nativeBeat().signature),
}

describe('a hello names the entities of a session', () => {
  test('each once', () => {
    assert.deepEqual(unwrap(parse(hello)), hello)
    const twice = unwrap(parse({ ...hello, entities: [id, id] }))
    assert.deepEqual(twice.type === 'hello' ? twice.entities : [], [id])
  })

  test('up to the cap', () => {
    const many = (length: number): EntityId[] =>
      Array.from({ length }, (_, i) => entityIdOf('agent', Uint8Array.of(i >> 8, i)))
    assert.ok(parse({ ...hello, entities: many(LIMITS.sessionEntitiesMax) }).ok)
    for (const entities of [many(LIMITS.sessionEntitiesMax + 1), [], 'x', undefined, [id, 'x'], [id, 1], [id, null]]) {
      assert.equal(codeOf(parse({ ...hello, entities })), 'malformed')
    }
  })

  test('Version banners that cry wolf: within the window of protocol versions', () => {
    for (const protocol of [PROTOCOL_VERSION_MIN - 1, PROTOCOL_VERSION + 1, '1', null, undefined]) {
      const failure = failureOf(parse({ ...hello, protocol }))
      assert.equal(failure.code, 'protocol_incompatible')
      assert.match(failure.message, new RegExp(`${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}`))
    }
  })

  test('a client that does not say what it is, or says too much, is taken all the same', () => {
    for (const [client, expected] of [
      [undefined, ''],
      [1, ''],
      ['c'.repeat(100), 'c'.repeat(LIMITS.versionCharsMax)],
    ] as const) {
      const frame = unwrap(parse({ ...hello, client }))
      assert.equal(frame.type === 'hello' ? frame.client : '', expected)
    }
  })
})

describe('L10: a heartbeat of a session is bound by it', () => {
  test('node and nonce are those of the session', () => {
    const frame = unwrap(parse(heartbeat))
    assert.ok(frame.type === 'heartbeat')
    const beat = bindBeat(frame.beat, { node, nonce: 'nonce-1', status: 'active' })
    assert.deepEqual(beat, nativeBeat())
    assert.ok(holds(beatCheck(beat, frame.entityId, entity.publicKey)))
    const elsewhere = bindBeat(frame.beat, { node, nonce: 'nonce-2', status: 'active' })
    assert.ok(!holds(beatCheck(elsewhere, frame.entityId, entity.publicKey)))
  })

  test('a goodbye is signed as one', () => {
    const goodbye = { ...heartbeat, type: 'goodbye', signature: formatKey(nativeBeat('inactive').signature) }
    const frame = unwrap(parse(goodbye))
    assert.ok(frame.type === 'goodbye')
    const beat = bindBeat(frame.beat, { node, nonce: 'nonce-1', status: 'inactive' })
    assert.ok(holds(beatCheck(beat, frame.entityId, entity.publicKey)))
  })

  test('health is small JSON', () => {
    const frame = unwrap(parse({ ...heartbeat, health: { cpu: 0.5 } }))
    assert.deepEqual(frame.type === 'heartbeat' ? frame.health : undefined, { cpu: 0.5 })
    const overhead = JSON.stringify({ a: '' }).length
    const health = (bytes: number) => ({ ...heartbeat, health: { a: 'x'.repeat(bytes - overhead) } })
    assert.ok(parse(health(LIMITS.healthBytesMax)).ok)
    assert.equal(codeOf(parse(health(LIMITS.healthBytesMax + 1))), 'malformed')
    assert.equal(codeOf(parse({ ...heartbeat, health: { a: 'ü'.repeat(600) } })), 'malformed')
    for (const wrong of [[], 'ok', 1, null]) assert.equal(codeOf(parse({ ...heartbeat, health: wrong })), 'malformed')
  })

  test('what is missing or wrong is malformed', () => {
    for (const change of [
      { entity_id: 'x' },
      { entity_id: undefined },
      { timestamp_ms: String(timeMs) },
      { timestamp_ms: -1 },
      { timestamp_ms: 0.5 },
      { timestamp_ms: 1e300 },
      { signature: undefined },
      { signature: 'ed25519:AAAA' },
    ]) {
      assert.equal(codeOf(parse({ ...heartbeat, ...change })), 'malformed')
    }
  })
})

test('a frame of no known type is malformed, and no text makes the reader throw', () => {
  for (const frame of [{}, { type: 'ack' }, { type: 'toString' }, { type: 1 }, [], 'hello', null]) {
    assert.equal(codeOf(parse(frame)), 'malformed')
  }
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      assert.equal(typeof parseClientFrame(text).ok, 'boolean')
    }),
  )
})

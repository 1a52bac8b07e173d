import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Delta,
  decodeStatus,
  decodeTransitions,
  type Envelope,
  encode,
  encodeStatus,
  encodeTransitions,
  envelopeCheck,
  LIMITS,
  type NodeStatus,
  openEnvelope,
  sealEnvelope,
  type Transitions,
} from '@rollcall/protocol'
import fc from 'fast-check'
import { codeOf, holds, id, node, nodeSigner, otherNode, recordOf, registration, stamp, timeMs, unwrap } from './kit.ts'

const grave: Delta = { kind: 'grave', id, grave: { id, stamp: stamp(1) } }
const record: Delta = { kind: 'record', id, record: recordOf(registration()), presence: undefined }
const message: Transitions = { run: timeMs, number: 3, stamp: stamp(2), deltas: [record, grave] }
const status: NodeStatus = {
  stamp: stamp(3),
  clockMs: timeMs,
  run: timeMs,
  number: 3,
  name: 'node-a',
  url: 'https://a.example',
  mode: 'full',
  version: '0.1.0',
  ready: true,
  digest: new Uint8Array(16).fill(1),
  counts: { active: 4, inactive: 3, tombstones: 2, graves: 1 },
  verdicts: [{ node: otherNode, lastStamp: stamp(0, 0, otherNode) }],
  addresses: [`/ip4/127.0.0.1/tcp/9001/ws/p2p/${node}`],
  audit: { number: 0, hash: new Uint8Array(32) },
  filterVersion: 9,
}

describe('G2: an envelope is signed as bytes', () => {
  const payload = encodeTransitions(message)
  const sealed = sealEnvelope('transitions', payload, nodeSigner)
  const opened = unwrap(openEnvelope(sealed))

  test('what is opened is what was sealed, and its signature holds', () => {
    assert.deepEqual([opened.origin, opened.type, opened.payload], [node, 'transitions', payload])
    assert.ok(holds(envelopeCheck(opened)))
  })

  test('what was verified is what is decoded', () => {
    assert.deepEqual(unwrap(decodeTransitions(opened.payload)), message)
  })

  test('it holds after any number of hops: passing it on changes no byte', () => {
    const passedOn = encode([opened.origin, opened.type, opened.payload, opened.signature])
    assert.deepEqual(passedOn, sealed)
  })

  test('it holds for its origin, type and payload only', () => {
    const altered = (change: Partial<Envelope>): boolean => holds(envelopeCheck({ ...opened, ...change }))
    assert.ok(!altered({ origin: otherNode }))
    assert.ok(!altered({ type: 'status' }))
    assert.ok(!altered({ payload: payload.with(5, (payload[5] ?? 0) ^ 1) }))
    assert.ok(!altered({ signature: new Uint8Array(64) }))
  })

  test('G3: what cannot be opened is malformed, and what is over the cap is not decoded', () => {
    const { origin, type, signature } = opened
    for (const layout of [
      [id, type, payload, signature],
      [origin, 'gossip', payload, signature],
      [origin, type, payload, signature.slice(1)],
      [origin, type, payload],
      [origin, type, payload, signature, null],
    ]) {
      assert.equal(codeOf(openEnvelope(encode(layout))), 'malformed')
    }
    assert.equal(codeOf(openEnvelope(new Uint8Array(LIMITS.gossipBytesMax + 1))), 'payload_too_large')
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => assert.equal(openEnvelope(bytes).ok, false)))
  })
})

describe('G1: transitions of one window share a message', () => {
  test('G4: which is numbered within a run', () => {
    const read = unwrap(decodeTransitions(encodeTransitions(message)))
    assert.deepEqual([read.run, read.number], [timeMs, 3])
  })

  test('up to the cap on entries', () => {
    const many = (length: number): Uint8Array => encodeTransitions({ ...message, deltas: Array(length).fill(grave) })
    assert.equal(unwrap(decodeTransitions(many(LIMITS.gossipEntriesMax))).deltas.length, LIMITS.gossipEntriesMax)
    assert.equal(codeOf(decodeTransitions(many(LIMITS.gossipEntriesMax + 1))), 'malformed')
  })

  test('one entry that cannot be read spoils the message', () => {
    const bytes = encode([
      timeMs,
      1,
      [timeMs, 0, node],
      [
        [3, id, [timeMs, 0, node]],
        [9, id],
      ],
    ])
    assert.equal(codeOf(decodeTransitions(bytes)), 'malformed')
  })

  test('any bytes give a message or a failure', () => {
    const bytes = encodeTransitions({ ...message, deltas: [grave] })
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, byte) => {
        assert.equal(typeof decodeTransitions(bytes.with(at % bytes.length, byte)).ok, 'boolean')
      }),
      { numRuns: 500 },
    )
  })
})

describe('S3: a node says of itself what others compare', () => {
  const read = (change: Partial<NodeStatus>) => decodeStatus(encodeStatus({ ...status, ...change }))

  test('and it is read back as it was written', () => {
    assert.deepEqual(unwrap(read({})), status)
    const edge: Partial<NodeStatus> = { mode: 'edge', ready: false, url: '', verdicts: [], addresses: [] }
    assert.deepEqual(unwrap(read(edge)), { ...status, ...edge })
  })

  test('L6: its verdicts name node and last stamp heard', () => {
    assert.deepEqual(unwrap(read({})).verdicts, [{ node: otherNode, lastStamp: stamp(0, 0, otherNode) }])
  })

  test('and is refused beyond its caps', () => {
    const [verdict] = status.verdicts
    assert.ok(verdict !== undefined)
    for (const change of [
      { name: 'n'.repeat(LIMITS.nodeNameCharsMax + 1) },
      { url: 'u'.repeat(LIMITS.urlCharsMax + 1) },
      { version: 'v'.repeat(LIMITS.versionCharsMax + 1) },
      { digest: new Uint8Array(15) },
      { addresses: Array(33).fill('/ip4/127.0.0.1') },
      { addresses: ['a'.repeat(LIMITS.urlCharsMax + 1)] },
    ]) {
      assert.equal(codeOf(read(change)), 'malformed')
    }
    assert.equal(codeOf(read({ verdicts: Array(LIMITS.verdictsMax + 1).fill(verdict) })), 'payload_too_large')
  })

  test('and as any other bytes, never by throwing', () => {
    const bytes = encodeStatus(status)
    fc.assert(
      fc.property(fc.nat(), fc.nat(255), (at, byte) => {
        const altered = bytes.with(at % bytes.length, byte)
        const result = decodeStatus(altered)
        if (result.ok) assert.deepEqual(encodeStatus(result.value), altered)
      }),
      { numRuns: 1_000 },
    )
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EntityId, fail } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { hello, nativeBeat, openNative } from './support/frames.ts'
import { enrol, SIGNATURE, startGateway } from './support/harness.ts'
import { accepted, NODE } from './support/scripted-registry.ts'
import { refusedUpgrade, SocketClient } from './support/socket-client.ts'
import { until, within } from './support/within.ts'

test('challenge, hello, welcome, heartbeat, ack, goodbye: the frames of api.md', async (t) => {
  const { registry, ws } = await startGateway(t, { intervalSeconds: 5, inactiveThresholdSeconds: 20 })
  const id = enrol(registry, 1)
  const client = await SocketClient.open(`${ws}/v1/session`, { headers: { 'x-request-id': 'session-1' } })
  const challenge = await client.next()
  assert.deepEqual(Object.keys(challenge).sort(), ['node_id', 'nonce', 'protocol', 'server_time', 'type'])
  assert.equal(challenge.node_id, NODE)
  assert.match(String(challenge.nonce), /^[0-9a-f]{32}$/)
  client.send(hello(id))
  assert.deepEqual(await client.next(), {
    type: 'welcome',
    interval_seconds: 5,
    inactive_threshold_seconds: 20,
    limits: { frame_bytes: 4096, entities: 256, health_bytes: 1024 },
    nodes: ['http://b.example', 'http://a.example'],
  })
  client.send({ ...nativeBeat(id, 1_790_000_000_123), health: { cpu: 0.25 } })
  const ack = await client.next()
  assert.deepEqual(
    { ...ack, server_time: 0 },
    {
      type: 'ack',
      entity_id: id,
      timestamp_ms: 1_790_000_000_123,
      server_time: 0,
      next_expected_ms: 30_000,
      status: 'active',
    },
  )
  client.send({ ...nativeBeat(id), type: 'goodbye' })
  await client.next()
  // L10: bound to this node and to the nonce of this session.
  assert.deepEqual(
    registry.beats.map(({ beat, source }) => [beat.form, beat.node, beat.text, beat.status, source.health]),
    [
      ['native', NODE, challenge.nonce, 'active', { cpu: 0.25 }],
      ['native', NODE, challenge.nonce, 'inactive', undefined],
    ],
  )
  assert.equal(registry.beats[0]?.source.requestId, 'session-1')
  assert.equal(registry.beats[0]?.source.address, '127.0.0.1')
  client.close()
  await client.closed
  await until('the session to close', () => registry.sessions[0]?.isClosed === true)
})

test('two sessions have two nonces', async (t) => {
  const { ws } = await startGateway(t)
  const nonces = await Promise.all(
    [1, 2].map(async () => (await (await SocketClient.open(`${ws}/v1/session`)).next()).nonce),
  )
  assert.notEqual(nonces[0], nonces[1])
})

test('L9 a refused beat is answered with its code, an equal one acknowledged; the socket stays', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 2)
  const client = await openNative(ws, id)
  registry.onBeat = () => ({
    ...accepted,
    outcome: 'stale',
    error: 'stale_heartbeat',
    message: 'a newer beat is known',
  })
  client.send(nativeBeat(id))
  assert.deepEqual(await client.next(), {
    type: 'error',
    entity_id: id,
    error: 'stale_heartbeat',
    message: 'a newer beat is known',
  })
  registry.onBeat = () => ({ ...accepted, outcome: 'duplicate' })
  client.send(nativeBeat(id))
  assert.equal((await client.next()).type, 'ack')
  // What reaches the registry is counted there, and only there.
  for (const outcome of ['accepted', 'duplicate', 'stale', 'malformed']) {
    assert.equal(metrics.counted('heartbeats_total', { outcome }), 0)
  }
})

test('nine bad signatures and a good one are forgiven; malformed frames are answered and counted here', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 3)
  const client = await openNative(ws, id)
  registry.onBeat = (_id, beat) =>
    beat.timeMs === 0 ? { ...accepted, outcome: 'signature_invalid', error: 'signature_invalid' } : accepted
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 9; i++) client.send(nativeBeat(id, 0))
    for (let i = 0; i < 9; i++) client.send('{')
    client.send(nativeBeat(id, 1))
  }
  await client.until('three acknowledgements', () => client.frames.filter(({ type }) => type === 'ack').length === 3)
  assert.equal(client.frames.filter(({ error }) => error === 'malformed').length, 27)
  assert.equal(metrics.counted('heartbeats_total', { outcome: 'malformed' }), 27)
  assert.equal(client.ws.readyState, client.ws.OPEN)
})

test('Liveness that lies, L9: a fault in the beat path is logged whole with the request id and counted; the socket and the next beat live', async (t) => {
  const { registry, ws, log, metrics } = await startGateway(t)
  const id = enrol(registry, 4)
  const client = await openNative(ws, id)
  registry.onBeat = () => {
    throw new Error('in the middle of the beat path')
  }
  client.send(nativeBeat(id))
  assert.equal((await client.next()).error, 'internal_error')
  const line = log.lines.find(({ level }) => level === 'error')
  const { error, requestId } = line?.fields ?? {}
  assert.match(String(error instanceof Error && error.stack), /in the middle of the beat path/)
  assert.match(String(requestId), /^[a-z2-7]{20}$/)
  assert.equal(metrics.counted('heartbeats_total', { outcome: 'storage_error' }), 1)
  registry.onBeat = () => accepted
  client.send(nativeBeat(id))
  assert.equal((await client.next()).type, 'ack')
})

test('many entities on one socket: the unknown ones are told, the others welcome; a second hello adds', async (t) => {
  const { registry, ws } = await startGateway(t)
  const ids = [5, 6, 7].map((seed) => enrol(registry, seed))
  const [a, b, c] = ids as [EntityId, EntityId, EntityId]
  registry.entities.delete(b)
  const client = await SocketClient.open(`${ws}/v1/session`)
  await client.next()
  client.send(hello(a, b))
  const told = await client.next()
  assert.deepEqual([told.type, told.entity_id, told.error], ['error', b, 'entity_not_found'])
  assert.deepEqual(registry.located, [b])
  assert.equal((await client.next()).type, 'welcome')
  client.send(hello(c))
  assert.equal((await client.next()).type, 'welcome')
  assert.equal(registry.sessions.length, 1)
  registry.sessions[0]?.onRevoked(a, 'superseded')
  assert.equal((await client.next()).error, 'superseded')
  client.send(nativeBeat(c))
  assert.equal((await client.next()).entity_id, c)
  // The session no longer serves it, for good (L8).
  client.send(nativeBeat(a))
  assert.equal((await client.next()).error, 'superseded')
  client.send(nativeBeat(b))
  assert.equal((await client.next()).error, 'malformed')
  assert.deepEqual(
    registry.beats.map(({ id }) => id),
    [c],
  )
})

test('Deregistered but still working: beats that come in after the last entity was revoked never reach the registry', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 8)
  const client = await openNative(ws, id)
  registry.sessions[0]?.onRevoked(id, 'deregistered')
  for (let i = 0; i < 5; i++) client.send(nativeBeat(id))
  assert.equal((await within('the close', client.closed)).code, 4410)
  assert.deepEqual(registry.beats, [])
  assert.equal(metrics.counted('dropped_total', { queue: 'socket_in', reason: 'closing' }), 5)
})

test('every entity of a hello was deregistered: the close is final (4410)', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 9)
  registry.onEntity = async () => fail('entity_deregistered', 'gone')
  const client = await SocketClient.open(`${ws}/v1/session`)
  client.send(hello(id))
  assert.equal((await within('the close', client.closed)).code, 4410)
  assert.equal(client.frames.at(-1)?.error, 'entity_deregistered')
})

test('L8 only a beat that counts tells the registry whom a session serves: a hello proves nothing', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 15)
  const forger = await openNative(ws, id)
  registry.onBeat = () => ({ ...accepted, outcome: 'signature_invalid', error: 'signature_invalid' })
  forger.send(nativeBeat(id))
  await forger.next()
  assert.deepEqual([registry.sessions[0]?.entities, registry.sessions[0]?.added], [[], []])
  registry.onBeat = () => accepted
  forger.send(nativeBeat(id))
  await forger.next()
  assert.deepEqual(registry.sessions[0]?.added, [id])
})

test('a heartbeat before the welcome is refused, and counted', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 10)
  const client = await SocketClient.open(`${ws}/v1/session`)
  await client.next()
  client.send(nativeBeat(id))
  assert.equal((await client.next()).error, 'malformed')
  assert.equal(metrics.counted('heartbeats_total', { outcome: 'malformed' }), 1)
})

test('Liveness that lies: no hello within ten seconds closes with 4408; a sweep late by minutes does not', async (t) => {
  const clock = new ManualClock()
  const { ws } = await startGateway(t, {}, { clock })
  const client = await SocketClient.open(`${ws}/v1/session`)
  await client.next()
  clock.advance(9_000)
  assert.equal(client.ws.readyState, client.ws.OPEN)
  clock.advance(2_000)
  assert.deepEqual(await within('the close', client.closed), { code: 4408, reason: 'idle' })
  assert.equal(client.frames.at(-1)?.error, 'timeout')
})

test('moved is passed on, once', async (t) => {
  const { registry, ws, gateway } = await startGateway(t)
  const id = enrol(registry, 11)
  const client = await openNative(ws, id)
  registry.sessions[0]?.onMoved(['http://b.example'])
  assert.deepEqual(await client.next(), { type: 'moved', nodes: ['http://b.example'] })
  await gateway.stop()
  assert.deepEqual(await within('the close', client.closed), { code: 1001, reason: 'going_away' })
  assert.equal(client.frames.filter(({ type }) => type === 'moved').length, 1)
})

test('a beat that the registry takes long over blocks no other, and too many at once are refused', async (t) => {
  const { registry, ws, metrics } = await startGateway(t, { beatsInFlightMax: 2 })
  const [slow, quick] = [enrol(registry, 12), enrol(registry, 13)]
  const client = await openNative(ws, slow, quick)
  const release: (() => void)[] = []
  registry.onBeat = (id) => (id === quick ? accepted : new Promise((resolve) => release.push(() => resolve(accepted))))
  client.send(nativeBeat(slow))
  client.send(nativeBeat(quick))
  assert.equal((await client.next()).entity_id, quick)
  client.send(nativeBeat(slow))
  client.send(nativeBeat(slow))
  assert.equal((await client.next()).error, 'rate_limited')
  assert.equal(metrics.counted('heartbeats_total', { outcome: 'rate_limited' }), 1)
  for (const resolve of release) resolve()
  assert.equal((await client.next()).type, 'ack')
  assert.equal((await client.next()).type, 'ack')
})

test('a frame that breaks a rule of the session protocol is told what rule', async (t) => {
  const { registry, ws } = await startGateway(t, { strikesMax: 100 })
  const id = enrol(registry, 14)
  const client = await openNative(ws, id)
  const bad: readonly object[] = [
    { type: 'dance' },
    { ...nativeBeat(id), timestamp_ms: 'now' },
    { ...nativeBeat(id), signature: 'none' },
    { ...nativeBeat(id), health: { pad: 'x'.repeat(1_100) } },
    { ...hello(id), entities: ['zns:dev:x'] },
  ]
  for (const frame of bad) {
    client.send(frame)
    const answer = await client.next()
    assert.equal(answer.error, 'malformed')
    assert.ok(String(answer.message).length > 10)
  }
  client.ws.send(Buffer.from(JSON.stringify(nativeBeat(id))), { binary: true })
  assert.equal((await client.next()).message, 'frames are text')
  assert.ok(!JSON.stringify(client.frames).includes(SIGNATURE))
})

test('a node that is not ready refuses the upgrade with 503', async (t) => {
  const { registry, ws } = await startGateway(t)
  registry.ready = { ready: false, reason: 'syncing' }
  for (const path of ['/v1/session', '/v1/heartbeat']) {
    const { status, body } = await refusedUpgrade(ws + path)
    assert.deepEqual([status, body.error, body.message], [503, 'node_not_ready', 'syncing'])
  }
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EntityId, fail } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { documentedBeat, zyndBeat } from './support/frames.ts'
import { enrol, startGateway } from './support/harness.ts'
import { accepted, unknown } from './support/scripted-registry.ts'
import { refusedUpgrade, SocketClient } from './support/socket-client.ts'
import { until, within } from './support/within.ts'

const zyndPath = (id: EntityId | string, query = '') => `/v1/entities/${id}/ws${query}`

test('the SDK socket is silent towards the client, whatever becomes of its frames (zynd-wire §6.1)', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 1)
  const client = await SocketClient.open(ws + zyndPath(id))
  const outcomes = ['accepted', 'duplicate', 'stale', 'skew', 'signature_invalid', 'storage_error'] as const
  registry.onBeat = () => ({
    ...accepted,
    outcome: outcomes[registry.beats.length % outcomes.length] ?? 'accepted',
    error: 'clock_skew',
  })
  for (let i = 0; i < 40; i++) {
    client.send(zyndBeat())
    if (i % 4 === 0) client.send('not json')
  }
  await until('all frames', () => registry.beats.length === 40)
  await until('the rubbish', () => metrics.counted('heartbeats_total', { outcome: 'malformed' }) === 10)
  client.ws.ping()
  await within('the pong', new Promise((resolve) => client.ws.once('pong', resolve)))
  assert.deepEqual(client.frames, [])
  assert.equal(client.ws.readyState, client.ws.OPEN)
  const [first] = registry.beats
  assert.deepEqual([first?.id, first?.beat.form, first?.beat.text], [id, 'zynd', '2026-09-21T14:13:20Z'])
  assert.equal(first?.beat.timeMs, Date.parse('2026-09-21T14:13:20Z'))
  assert.deepEqual(
    registry.sessions.map(({ kind, entities }) => [kind, entities]),
    [['zynd', [id]]],
  )
})

test('?ack=1 asks for answers', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 2)
  const client = await SocketClient.open(ws + zyndPath(encodeURIComponent(id), '?ack=1'))
  client.send(zyndBeat())
  const ack = await client.next()
  assert.deepEqual([ack.type, ack.entity_id, ack.timestamp, ack.status], ['ack', id, '2026-09-21T14:13:20Z', 'active'])
  client.send('{}')
  assert.equal((await client.next()).error, 'malformed')
})

test('an unknown entity is 404 before the upgrade, after peers were asked (L7)', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 3)
  const view = registry.entities.get(id)
  registry.entities.clear()
  const { status, body, headers } = await refusedUpgrade(ws + zyndPath(id), { headers: { 'x-request-id': 'up-1' } })
  assert.deepEqual([status, body.error, body.request_id], [404, 'entity_not_found', 'up-1'])
  assert.equal(headers['x-request-id'], 'up-1')
  assert.match(headers['content-type'] ?? '', /json/)
  assert.ok(headers.date)
  assert.deepEqual(registry.located, [id])
  assert.equal(metrics.observed('http_request_seconds', { route: '/v1/entities/:id/ws', code: '404' }).length, 1)
  const other = enrol(registry, 4)
  registry.entities.clear()
  registry.onLocate = async (asked) => (view === undefined ? unknown(asked) : { ok: true, value: view })
  await SocketClient.open(ws + zyndPath(other))
})

test('a deregistered entity, an address that is none and an id that is none are 404 too', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 5)
  registry.onEntity = async () => fail('entity_deregistered', 'gone', { deregistered_at: 'then' })
  const gone = await refusedUpgrade(ws + zyndPath(id))
  assert.deepEqual(
    [gone.status, gone.body.error, gone.body.details],
    [404, 'entity_deregistered', { deregistered_at: 'then' }],
  )
  assert.equal((await refusedUpgrade(`${ws}/v1/nowhere`)).body.error, 'not_found')
  assert.equal((await refusedUpgrade(ws + zyndPath('alpha'))).body.error, 'entity_not_found')
  assert.equal((await refusedUpgrade(ws + zyndPath('%ff'))).body.error, 'not_found')
})

test('//v1 is tolerated, and a permessage-deflate offer declined', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 6)
  const client = await SocketClient.open(`${ws}/${zyndPath(id)}/`, { perMessageDeflate: true })
  assert.equal(client.ws.extensions, '')
})

test('a deregistration ends the SDK socket with 4410; a second process leaves it alone (L8)', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 7)
  const client = await SocketClient.open(ws + zyndPath(id))
  await until('the session', () => registry.sessions.length === 1)
  registry.sessions[0]?.onRevoked(id, 'superseded')
  client.send(zyndBeat())
  await until('the beat', () => registry.beats.length === 1)
  registry.sessions[0]?.onRevoked(id, 'deregistered')
  assert.deepEqual(await within('the close', client.closed), { code: 4410, reason: 'deregistered' })
  assert.deepEqual(client.frames, [])
})

test('the documented socket multiplexes and answers, and no error closes it (zynd-wire §6.2)', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const [a, b] = [enrol(registry, 8), enrol(registry, 9)]
  const client = await SocketClient.open(`${ws}/v1/heartbeat`)
  client.send(documentedBeat(a, 1_712_756_400))
  const ack = await client.next()
  assert.deepEqual([ack.type, ack.agent_id, ack.timestamp, ack.status], ['ack', a, '1712756400', 'active'])
  const { type: _, ...untyped } = documentedBeat(b, '2026-09-21T14:13:20Z')
  client.send(untyped)
  assert.equal((await client.next()).agent_id, b)
  registry.onBeat = () => ({ ...accepted, outcome: 'signature_invalid', error: 'signature_invalid', message: 'no' })
  for (let i = 0; i < 30; i++) {
    client.send(documentedBeat(a))
    assert.deepEqual(await client.next(), { type: 'error', agent_id: a, error: 'signature_invalid', message: 'no' })
    client.send('{}')
    assert.equal((await client.next()).error, 'malformed')
  }
  assert.equal(metrics.counted('heartbeats_total', { outcome: 'malformed' }), 30)
  assert.deepEqual(registry.sessions[0]?.added, [a, b])
  assert.equal(registry.beats[0]?.beat.timeMs, 1_712_756_400_000)
  assert.equal(registry.beats[0]?.beat.form, 'documented')
})

test('the documented socket fetches an entity it does not know before its first beat, and survives its end', async (t) => {
  const { registry, ws } = await startGateway(t)
  const id = enrol(registry, 10)
  const view = registry.entities.get(id)
  registry.entities.clear()
  registry.onLocate = async () => (view === undefined ? unknown(id) : { ok: true, value: view })
  const client = await SocketClient.open(`${ws}/v1/heartbeat`)
  client.send(documentedBeat(id))
  assert.equal((await client.next()).type, 'ack')
  assert.deepEqual(registry.located, [id])
  registry.sessions[0]?.onRevoked(id, 'deregistered')
  const told = await client.next()
  assert.deepEqual([told.agent_id, told.error], [id, 'entity_deregistered'])
  client.send(documentedBeat(id))
  assert.equal((await client.next()).type, 'ack')
})

test('a documented socket carries no more entities than its cap', async (t) => {
  const { registry, ws, metrics } = await startGateway(t, { framesBurst: 1_000 })
  const [id] = [enrol(registry, 11)]
  const view = registry.entities.get(id)
  assert.ok(view !== undefined)
  registry.onEntity = async () => ({ ok: true, value: view })
  const client = await SocketClient.open(`${ws}/v1/heartbeat`)
  for (let i = 0; i < 256; i++) client.send(documentedBeat(`zns:${i.toString(16).padStart(32, '0')}`))
  await client.until('256 answers', () => client.frames.length === 256)
  client.send(documentedBeat(`zns:${'f'.repeat(32)}`))
  await client.until('one more', () => client.frames.length === 257)
  assert.equal(client.frames.at(-1)?.error, 'rate_limited')
  assert.equal(metrics.counted('heartbeats_total', { outcome: 'rate_limited' }), 1)
  assert.equal(registry.beats.length, 256)
})

test('L10 with zyndSignatures off both Zynd sockets are refused by the name of the setting', async (t) => {
  const { registry, ws } = await startGateway(t, { zyndSignatures: false })
  const id = enrol(registry, 12)
  for (const path of [zyndPath(id), '/v1/heartbeat']) {
    const { status, body } = await refusedUpgrade(ws + path)
    assert.deepEqual([status, body.error], [403, 'forbidden'])
    assert.match(String(body.message), /security\.zynd_signatures/)
  }
})

test('Liveness that lies: a silent client is pinged; one that answers lives, though it never sends a frame', async (t) => {
  const clock = new ManualClock()
  const { registry, ws } = await startGateway(t, { pingSeconds: 30 }, { clock })
  const id = enrol(registry, 13)
  const client = await SocketClient.open(ws + zyndPath(id))
  for (let round = 1; round <= 20; round++) {
    clock.advance(30_000)
    await client.until('a ping', () => client.pings === round)
    // The pong is on its way back: a ping of our own, answered, says that it has arrived.
    client.ws.ping()
    await within('the pong', new Promise((resolve) => client.ws.once('pong', resolve)))
  }
  assert.equal(client.ws.readyState, client.ws.OPEN)
})

test('Liveness that lies: a client that beats is never pinged; one that answers two pings with nothing is given up', async (t) => {
  const clock = new ManualClock()
  const { registry, ws, metrics } = await startGateway(t, { pingSeconds: 30 }, { clock })
  const id = enrol(registry, 14)
  const beating = await SocketClient.open(ws + zyndPath(id))
  const dead = await SocketClient.open(ws + zyndPath(id), { autoPong: false })
  for (let round = 1; round <= 9; round++) {
    clock.advance(10_000)
    beating.send(zyndBeat())
    await until('the beat', () => registry.beats.length === round)
  }
  assert.deepEqual(await within('the close', dead.closed), { code: 4408, reason: 'idle' })
  assert.equal(dead.pings, 2)
  assert.equal(beating.pings, 0)
  assert.equal(beating.ws.readyState, beating.ws.OPEN)
  assert.equal(metrics.counted('session_closes_total', { code: '4408' }), 1)
})

test('L4 a process that was stopped for ten minutes closes nobody for it', async (t) => {
  let lateMs = 0
  let due: () => void = () => {}
  // Time in which only this process stood still: one sweep comes ten minutes late.
  const clock = {
    wallMs: () => 1_790_000_000_000 + lateMs,
    monotonicMs: () => lateMs,
    schedule: (_delayMs: number, fn: () => void) => {
      due = fn
      return () => {}
    },
  }
  const { registry, ws } = await startGateway(t, { stopTimeoutMs: 60_000 }, { clock })
  const id = enrol(registry, 15)
  const client = await SocketClient.open(ws + zyndPath(id), { autoPong: false })
  lateMs = 600_000
  due()
  client.send(zyndBeat())
  await until('the beat', () => registry.beats.length === 1)
  assert.equal(client.ws.readyState, client.ws.OPEN)
})

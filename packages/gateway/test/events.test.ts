import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryEvent } from '@rollcall/core'
import { nodePublicKey, registryIdOf } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { EventSchema } from '../src/views/schemas.ts'
import { assertConforms } from './support/conforms.ts'
import { EventStream } from './support/event-stream.ts'
import { enrol, postJson, SIGNATURE, startGateway } from './support/harness.ts'
import { NODE, OTHER_NODE, WALL_MS } from './support/scripted-registry.ts'
import { refusedUpgrade, SocketClient } from './support/socket-client.ts'
import { until, within } from './support/within.ts'

const event = (n: number, change: Partial<RegistryEvent> = {}): RegistryEvent => ({
  cursor: `c${n}`,
  type: 'active',
  atMs: WALL_MS + n,
  name: `Agent ${n}`,
  from: 'inactive',
  to: 'active',
  reason: 'beat',
  attendant: NODE,
  ...change,
})

test('transitions arrive as server-sent events with their cursor as id', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 1)
  const stream = new EventStream(`${url}/v1/events`, { origin: 'http://d.example' })
  await stream.until('the stream to open', () => stream.comments.length === 1)
  assert.match(stream.response?.headers['content-type'] ?? '', /^text\/event-stream/)
  assert.equal(stream.response?.headers['access-control-allow-origin'], '*')
  assert.equal(stream.response?.headers['x-accel-buffering'], 'no')
  await stream.until('the id to resume from', () => stream.bareIds.length === 1)
  assert.deepEqual(stream.bareIds, ['id: c0'])
  registry.emit(event(1, { entityId: id }))
  registry.emit(event(2, { type: 'deregistered' }))
  await stream.until('two events', () => stream.events.length === 2)
  assert.deepEqual(
    stream.events.map(({ id, event }) => [id, event]),
    [
      ['c1', 'active'],
      ['c2', 'deregistered'],
    ],
  )
  assertConforms(EventSchema, stream.events[0]?.data)
  assert.equal(stream.events[0]?.data.entity_id, id)
  assert.deepEqual(
    registry.subscriptions.filter((since) => since !== undefined),
    [],
  )
  stream.close()
  await until('the end of the subscription', () => registry.listeners.size === 1)
})

test('a stream resumes after ?since=, and Last-Event-ID is newer than the address', async (t) => {
  const { registry, url } = await startGateway(t)
  registry.held = [event(4), event(5)]
  const stream = new EventStream(`${url}/v1/events?since=c1`, { 'last-event-id': 'c3' })
  await stream.until('the held events', () => stream.events.length === 2)
  registry.emit(event(6))
  await stream.until('a live one', () => stream.events.length === 3)
  assert.deepEqual(
    stream.events.map(({ id }) => id),
    ['c4', 'c5', 'c6'],
  )
  const other = new EventStream(`${url}/v1/events?since=c1`)
  await other.until('the held events', () => other.events.length === 2)
  assert.deepEqual(registry.subscriptions.slice(1), ['c3', 'c1'])
  assert.deepEqual([stream.bareIds, other.bareIds], [[], []])
  other.close()
  stream.close()
})

test('a gap of the registry is passed on', async (t) => {
  const { registry, url } = await startGateway(t)
  registry.held = [{ cursor: 'c9', type: 'gap', atMs: WALL_MS }]
  const stream = new EventStream(`${url}/v1/events?since=c0`)
  await stream.until('the gap', () => stream.events.length === 1)
  assert.deepEqual([stream.events[0]?.event, stream.events[0]?.id], ['gap', 'c9'])
  stream.close()
})

test('a comment every 15 s keeps the stream open, and a stop ends it', async (t) => {
  const clock = new ManualClock()
  const { url, gateway } = await startGateway(t, {}, { clock })
  const stream = new EventStream(`${url}/v1/events`)
  await stream.until('the stream to open', () => stream.comments.length === 1)
  for (let beat = 2; beat <= 4; beat++) {
    clock.advance(15_000)
    await stream.until('a comment', () => stream.comments.length === beat)
  }
  await within('the stop', gateway.stop())
  await stream.until('the end of the stream', () => stream.hasEnded)
})

test('a reader that does not read is told of a gap and let go; the others get everything', async (t) => {
  const clock = new ManualClock()
  const { registry, url, metrics } = await startGateway(t, { feedBufferBytesMax: 100_000 }, { clock })
  const good = new EventStream(`${url}/v1/events`)
  const slow = new EventStream(`${url}/v1/events`)
  await good.until('the stream to open', () => good.comments.length === 1)
  await slow.until('the stream to open', () => slow.comments.length === 1)
  slow.response?.pause()
  const dropped = () => metrics.counted('dropped_total', { queue: 'events', reason: 'slow_reader' })
  let sent = 0
  for (; dropped() === 0; sent++) {
    registry.emit(event(sent, { name: 'x'.repeat(50_000) }))
    await good.until('the event', () => good.events.length === sent + 1)
  }
  assert.equal(dropped(), 1)
  assert.equal(registry.listeners.size, 2)
  slow.response?.resume()
  await slow.until('the end of the stream', () => slow.hasEnded)
  assert.equal(slow.events.at(-1)?.event, 'gap')
  assert.equal(slow.events.at(-1)?.id, undefined)
  // The gap stands in the place of the event that found no room.
  assert.equal(slow.events.length, sent)
  // What it did get is in order and whole, so that it resumes where it stopped.
  slow.events.slice(0, -1).forEach(({ id }, n) => {
    assert.equal(id, `c${n}`)
  })
  good.close()
})

test('only so many readers are fed, sockets included', async (t) => {
  const { url, ws } = await startGateway(t, { feedsMax: 2 })
  const stream = new EventStream(`${url}/v1/events`)
  await stream.until('the stream to open', () => stream.comments.length === 1)
  const socket = await SocketClient.open(`${ws}/v1/ws/activity`)
  const response = await fetch(`${url}/v1/events`)
  assert.equal(response.status, 429)
  assert.ok(response.headers.get('retry-after'))
  assert.equal((await refusedUpgrade(`${ws}/v1/ws/activity`)).status, 429)
  socket.close()
  await socket.closed
  stream.close()
  let status = 429
  while (status === 429) status = (await refusedOrOpen(`${url}/v1/events`)).status
  assert.equal(status, 200)
})

const refusedOrOpen = async (url: string): Promise<{ readonly status: number }> => {
  const stream = new EventStream(url)
  await stream.until('an answer', () => stream.response !== undefined)
  const status = stream.response?.statusCode ?? 0
  stream.close()
  return { status }
}

test('a cursor that is too long is refused', async (t) => {
  const { url } = await startGateway(t)
  const response = await fetch(`${url}/v1/events?since=${'x'.repeat(300)}`)
  assert.equal(response.status, 422)
})

test('the activity socket speaks as Zynd documents it (zynd-wire §7)', async (t) => {
  const { registry, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 2)
  const client = await SocketClient.open(`${ws}/v1/ws/activity`)
  const connected = await client.next()
  assert.equal(connected.type, 'connected')
  assert.match(String((connected.data as { registry_id: string }).registry_id), /^zns:registry:/)
  registry.emit(event(1, { entityId: id, category: 'finance' }))
  registry.emit(event(2, { type: 'inactive', to: 'inactive' }))
  registry.emit(event(3, { type: 'registered' }))
  registry.emit(event(4, { type: 'deregistered' }))
  assert.deepEqual(await client.next(), {
    type: 'entity_became_active',
    timestamp: new Date(WALL_MS + 1).toISOString(),
    data: { entity_id: id, name: 'Agent 1', category: 'finance', status: 'active', reason: 'beat' },
  })
  const types = [await client.next(), await client.next(), await client.next()].map(({ type }) => type)
  assert.deepEqual(types, ['entity_became_inactive', 'entity_registered', 'entity_deregistered'])
  const stamp = (node: string) => ({ stamp: `${WALL_MS}.0.${node}` })
  registry.emit(event(5, { entityId: id, ...stamp(NODE) }))
  registry.emit(event(6, { entityId: id, type: 'updated', ...stamp(OTHER_NODE) }))
  registry.emit(event(7, { entityId: id, type: 'purged', ...stamp(NODE) }))
  const gossip = [
    await client.next(),
    await client.next(),
    await client.next(),
    await client.next(),
    await client.next(),
  ]
  assert.deepEqual(
    gossip.map(({ type }) => type),
    ['entity_became_active', 'gossip_outgoing', 'entity_updated', 'gossip_incoming', 'entity_purged'],
  )
  const [, outgoing, , incoming] = gossip.map(({ data }) => data)
  const said = { entity_id: id, name: 'Agent 5', action: 'active', hop_count: 0, direction: 'outgoing' }
  assert.deepEqual(outgoing, { ...said, home_registry: registryIdOf(nodePublicKey(NODE)) })
  assert.equal((incoming as { home_registry: string }).home_registry, registryIdOf(nodePublicKey(OTHER_NODE)))
  client.send('what a client says here is ignored')
  assert.equal(metrics.gauged('sessions', { kind: 'activity' }), 1)
  client.close()
  await client.closed
  await until('the end of the subscription', () => registry.listeners.size === 1)
  assert.equal(metrics.gauged('sessions', { kind: 'activity' }), 0)
})

test('an activity socket whose client does not read is closed with 4429, not buffered for ever', async (t) => {
  const { registry, ws, metrics } = await startGateway(t, { sendBufferBytesMax: 50_000 })
  const client = await SocketClient.open(`${ws}/v1/ws/activity`)
  await client.next()
  client.ws.pause()
  const dropped = () => metrics.counted('dropped_total', { queue: 'socket_out', reason: 'slow_reader' })
  for (let n = 0; dropped() === 0; n++) {
    registry.emit(event(n, { name: 'x'.repeat(50_000) }))
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(registry.listeners.size, 1)
  client.ws.resume()
  assert.deepEqual(await within('the close', client.closed), { code: 4429, reason: 'rate_limited' })
})

test('the activity socket tells of searches, heartbeats and peers too (zynd-wire §7)', async (t) => {
  const clock = new ManualClock(WALL_MS)
  const { registry, url, ws } = await startGateway(t, {}, { clock })
  const id = enrol(registry, 3)
  const client = await SocketClient.open(`${ws}/v1/ws/activity`)
  await client.next()
  await postJson(`${url}/v1/search`, { query: 'stock news' })
  const timestamp = new Date(WALL_MS).toISOString()
  const search = { query: 'stock news', result_count: 1, latency_ms: 0, direction: 'outgoing' }
  assert.deepEqual(await client.next(), { type: 'search_outgoing', timestamp, data: search })

  const named = registry.entities.get(id)
  assert.ok(named !== undefined)
  registry.names.set('alice/stocks', { ...named, fqan: 'a.example/alice/stocks' })
  await postJson(`${url}/v1/search`, { fqan: 'alice/stocks' })
  const resolved = { fqan: 'a.example/alice/stocks', entity_id: id, action: 'resolved' }
  assert.deepEqual(await client.next(), { type: 'name_resolved', timestamp, data: resolved })
  assert.equal((await client.next()).type, 'search_outgoing')

  const agent = await SocketClient.open(`${ws}/v1/entities/${id}/ws`)
  const beat = JSON.stringify({ timestamp, signature: SIGNATURE })
  agent.send(beat)
  assert.deepEqual(await client.next(), {
    type: 'entity_heartbeat',
    timestamp,
    data: { entity_id: id, status: 'active' },
  })
  registry.onBeat = () => ({ outcome: 'duplicate', message: '', status: 'active', nextExpectedMs: 1 })
  agent.send(beat)
  await until('the second beat', () => registry.beats.length === 2)

  const other = { registry_id: registryIdOf(nodePublicKey(OTHER_NODE)), name: 'node-b', address: 'http://a.example' }
  registry.isOtherConnected = false
  clock.advance(1_000)
  const { type, data } = await client.next()
  assert.deepEqual([type, data], ['peer_disconnected', other])
  registry.isOtherConnected = true
  clock.advance(1_000)
  assert.equal((await client.next()).type, 'peer_connected')
  agent.close()
  client.close()
  await client.closed
})

test('of many heartbeats the activity socket tells a sample, and none while nobody listens', async (t) => {
  const clock = new ManualClock(WALL_MS)
  const { registry, ws, metrics } = await startGateway(t, {}, { clock })
  const id = enrol(registry, 3)
  const agent = await SocketClient.open(`${ws}/v1/entities/${id}/ws`)
  const beat = JSON.stringify({ timestamp: new Date(WALL_MS).toISOString(), signature: SIGNATURE })
  agent.send(beat)
  await until('the first beat', () => registry.beats.length === 1)
  const client = await SocketClient.open(`${ws}/v1/ws/activity`)
  await client.next()
  for (let n = 0; n < 25; n++) agent.send(beat)
  const left = () => metrics.counted('dropped_total', { queue: 'activity', reason: 'sampled' })
  await until('all beats', () => left() === 5)
  for (let n = 0; n < 20; n++) assert.equal((await client.next()).type, 'entity_heartbeat')
  clock.advance(1_000)
  agent.send(beat)
  assert.equal((await client.next()).type, 'entity_heartbeat')
  agent.close()
  client.close()
  await client.closed
})

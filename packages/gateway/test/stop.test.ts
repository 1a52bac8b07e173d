import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { openNative } from './support/frames.ts'
import { enrol, postJson, startGateway } from './support/harness.ts'
import { SocketClient } from './support/socket-client.ts'
import { until, within } from './support/within.ts'

test('native sessions are told where to go, everyone else is closed with 1001, and requests under way are answered', async (t) => {
  const { registry, gateway, url, ws, metrics } = await startGateway(t)
  const id = enrol(registry, 1)
  const native = await openNative(ws, id)
  const zynd = await SocketClient.open(`${ws}/v1/entities/${id}/ws`)
  let answer = () => {}
  registry.onSearch = () =>
    new Promise((resolve) => {
      answer = () => resolve({ ok: false, code: 'timeout', message: 'late' })
    })
  const search = postJson(`${url}/v1/search`, {})
  await until('the search', () => registry.searches.length === 1)
  const stopped = gateway.stop()
  assert.deepEqual(await within('the close', native.closed), { code: 1001, reason: 'going_away' })
  assert.deepEqual(native.frames.at(-1), { type: 'moved', nodes: ['http://b.example'] })
  assert.deepEqual(await within('the close', zynd.closed), { code: 1001, reason: 'going_away' })
  assert.deepEqual(zynd.frames, [])
  assert.ok(registry.sessions.every((session) => session.isClosed))
  assert.equal(metrics.counted('session_closes_total', { code: '1001' }), 2)
  answer()
  assert.equal((await search).status, 504)
  await within('the stop', stopped)
  await assert.rejects(fetch(`${url}/health`))
  await gateway.stop()
})

test('A 503 that then ran: a request that arrives after the stop on an open connection is refused: 503, and never runs', async (t) => {
  const { registry, gateway, port } = await startGateway(t)
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += String(chunk)
  })
  // Half a request keeps the connection from being an idle one, which a stop closes at once.
  await new Promise<void>((resolve) => socket.write('POST /v1/search HTTP/1.1\r\nHost: a\r\n', () => resolve()))
  await fetch(`http://127.0.0.1:${port}/health`)
  const stopped = gateway.stop()
  socket.write('Content-Length: 2\r\n\r\n{}')
  await until('the refusal', () => text.includes('}'))
  assert.match(text, /^HTTP\/1.1 503 .*retry-after: 5.*"error":"node_not_ready"/s)
  assert.deepEqual(registry.searches, [])
  socket.end()
  await within('the stop', stopped)
})

test('a stop is over in bounded time, whatever clients and registry do', async (t) => {
  const { registry, gateway, port, url, ws, log } = await startGateway(t, { stopTimeoutMs: 300 })
  const id = enrol(registry, 2)
  // A client that never answers the closing handshake, a request and an upgrade that the registry never answers.
  const deaf = await openNative(ws, id)
  deaf.ws.pause()
  registry.onSearch = () => new Promise(() => {})
  const search = postJson(`${url}/v1/search`, {}).then(
    () => 'answered',
    () => 'cut',
  )
  await until('the search', () => registry.searches.length === 1)
  registry.onEntity = () => new Promise(() => {})
  const upgrading = new SocketClient(`${ws}/v1/entities/${id}/ws`)
  const idle = connect(port, '127.0.0.1')
  // Not yet taken in by the server when it closes, the connection may end as a reset.
  idle.on('error', ({ message }) => assert.match(message, /ECONNRESET/))
  await within('the connection', new Promise<void>((resolve) => idle.once('connect', () => resolve())))
  await within('the stop', gateway.stop(), 3_000)
  assert.equal(await search, 'cut')
  await assert.rejects(upgrading.closed)
  assert.ok(log.lines.some(({ level }) => level === 'warn'))
  idle.destroy()
})

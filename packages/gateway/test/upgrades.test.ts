import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseUpgradeRoute } from '../src/sockets/upgrade-route.ts'
import { enrol, startGateway } from './support/harness.ts'
import { rawExchange } from './support/raw-http.ts'
import { refusedUpgrade, SocketClient } from './support/socket-client.ts'
import { until, within } from './support/within.ts'

const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const upgrade = (headers: string, line = 'GET /v1/heartbeat') =>
  `${line} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`

test('the documented probe gets 101 without any proof of who it is (zynd-wire §6.2)', async (t) => {
  const { port } = await startGateway(t)
  const answer = await rawExchange(
    port,
    upgrade(`${KEY}Sec-WebSocket-Version: 13\r\nX-Request-Id: probe-1\r\n`),
    /\r\n\r\n/,
  )
  assert.match(answer, /^HTTP\/1.1 101 /)
  assert.match(answer, /X-Request-Id: probe-1\r\n/)
})

test('a handshake without key, version or method is refused in the shape of every error, and does not hang', async (t) => {
  const { port } = await startGateway(t)
  const noKey = await rawExchange(port, upgrade('Sec-WebSocket-Version: 13\r\n'))
  assert.match(noKey, /^HTTP\/1.1 400 .*"error":"malformed"/s)
  const noVersion = await rawExchange(port, upgrade(KEY))
  assert.match(noVersion, /^HTTP\/1.1 426 .*Sec-WebSocket-Version: 13.*"error":"protocol_incompatible"/s)
  const post = await rawExchange(port, upgrade(`${KEY}Sec-WebSocket-Version: 13\r\n`, 'POST /v1/heartbeat'))
  assert.match(post, /^HTTP\/1.1 405 .*Allow: GET/s)
})

test('an Upgrade header for another protocol is ignored, body and keep-alive included, as RFC 9110 §7.8 lets a server', async (t) => {
  const { registry, port } = await startGateway(t)
  const headers = 'Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n'
  const body = '{"query":"stocks"}'
  const post = `POST /v1/search HTTP/1.1\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
  const second = 'GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const answer = await rawExchange(port, post + second)
  assert.match(answer, /^HTTP\/1.1 200 .*"total_found":0.*HTTP\/1.1 200 .*{"status":"ok"}$/s)
  assert.equal(registry.searches[0]?.text, 'stocks')
})

test('a client that goes away while the registry is asked costs nothing', async (t) => {
  const { registry, ws, metrics, log } = await startGateway(t)
  const id = enrol(registry, 1)
  let release = () => {}
  registry.onEntity = (asked) => {
    const view = registry.entities.get(asked)
    return new Promise((resolve) => {
      release = () => {
        if (view !== undefined) resolve({ ok: true, value: view })
      }
    })
  }
  const client = new SocketClient(`${ws}/v1/entities/${id}/ws`)
  const before = release
  await until('the question', () => release !== before)
  client.ws.terminate()
  await client.closed.catch((error: Error) => assert.match(error.message, /before the connection/))
  release()
  registry.onEntity = () => undefined
  await SocketClient.open(`${ws}/v1/entities/${id}/ws`)
  await until('the dead one to be gone', () => metrics.gauged('sessions', { kind: 'zynd' }) === 1)
  assert.deepEqual(
    log.lines.filter(({ level }) => level === 'error'),
    [],
  )
})

test('a fault while the registry is asked is 500, and logged', async (t) => {
  const { registry, ws, log } = await startGateway(t)
  const id = enrol(registry, 2)
  registry.onEntity = () => Promise.reject(new Error('broken'))
  const { status, body } = await refusedUpgrade(`${ws}/v1/entities/${id}/ws`)
  assert.deepEqual([status, body.error], [500, 'internal_error'])
  assert.ok(log.lines.some(({ level }) => level === 'error'))
})

test('one address has only so many sockets, and gets its place back', async (t) => {
  const { registry, ws } = await startGateway(t, { socketsPerAddressMax: 2 })
  const id = enrol(registry, 3)
  const path = `${ws}/v1/entities/${id}/ws`
  const first = await SocketClient.open(path)
  await SocketClient.open(`${ws}/v1/session`)
  const refused = await refusedUpgrade(path)
  assert.deepEqual([refused.status, refused.body.error], [429, 'rate_limited'])
  assert.equal(refused.headers['retry-after'], '30')
  first.close()
  await within('the close', first.closed)
  await SocketClient.open(path)
})

test('reconnection storms count under the limit on reads', async (t) => {
  const { ws } = await startGateway(t, { readsPerAddressPerMinute: 2 })
  const path = `${ws}/v1/entities/zns:${'0'.repeat(32)}/ws`
  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await refusedUpgrade(path)).status)
  assert.deepEqual(statuses, [404, 404, 429, 429])
})

test('which socket an address asks for', () => {
  const kindOf = (url: string) => {
    const route = parseUpgradeRoute(url)
    return route === undefined ? undefined : [route.kind, route.id, route.query.get('ack')]
  }
  assert.deepEqual(kindOf('/v1/session'), ['native', '', null])
  assert.deepEqual(kindOf('//v1//heartbeat/?ack=1'), ['documented', '', '1'])
  assert.deepEqual(kindOf('/v1/ws/activity'), ['activity', '', null])
  assert.deepEqual(kindOf('/v1/entities/zns%3Asvc%3Aab/ws?ack=1'), ['zynd', 'zns:svc:ab', '1'])
  for (const url of ['/', '', '/v1/entities//ws', '/v1/entities/a/b/ws', '/v1/entities/%/ws', '/constructor']) {
    assert.equal(kindOf(url), undefined, url)
  }
})

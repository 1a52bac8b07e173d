import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { test } from 'node:test'
import { fail } from '@rollcall/protocol'
import { ErrorSchema } from '../src/views/schemas.ts'
import { assertConforms } from './support/conforms.ts'
import { enrol, postJson, registration, startGateway } from './support/harness.ts'
import { rawExchange, writeThenRead } from './support/raw-http.ts'
import { until, within } from './support/within.ts'

const errorOf = async (response: Response) => {
  const body = await response.json()
  assertConforms(ErrorSchema, body)
  assert.equal(body.request_id, response.headers.get('x-request-id'))
  return { status: response.status, error: body.error, message: body.message }
}

test('every error has one shape: unknown paths, methods, URLs and bodies', async (t) => {
  const { url } = await startGateway(t)
  const cases: readonly [string, RequestInit, number, string][] = [
    ['/nowhere', {}, 404, 'not_found'],
    ['/v1/search', { method: 'PATCH' }, 405, 'method_not_allowed'],
    ['/v1/entities/%ff', {}, 400, 'malformed'],
    [`/v1/entities/${'a'.repeat(600)}`, {}, 400, 'malformed'],
    ['/v1/entities/alpha', {}, 404, 'entity_not_found'],
    ['/v1/search', { method: 'POST', body: 'nonsense' }, 400, 'malformed'],
    ['/v1/search', { method: 'POST', body: '[]' }, 400, 'malformed'],
    ['/v1/search', { method: 'POST', body: Buffer.from([0x22, 0xff, 0x22]) }, 400, 'malformed'],
    ['/v1/entities', { method: 'POST', body: '{}' }, 401, 'signature_invalid'],
    ['/v1/entities', { method: 'POST', body: '' }, 400, 'malformed'],
    ['/v1/session', {}, 426, 'protocol_incompatible'],
    ['/metrics', {}, 404, 'not_found'],
  ]
  for (const [path, init, status, code] of cases) {
    const { status: seen, error } = await errorOf(await fetch(url + path, init))
    assert.deepEqual([path, seen, error], [path, status, code])
  }
})

test('405 names the methods that are served', async (t) => {
  const { url } = await startGateway(t)
  const response = await fetch(`${url}//v1/entities/zns%3Aabc/`, { method: 'POST', body: '{}' })
  assert.equal(response.status, 405)
  assert.deepEqual(response.headers.get('allow')?.split(', ').sort(), ['DELETE', 'GET', 'HEAD', 'PUT'])
})

test('bodies are read as JSON whatever their Content-Type', async (t) => {
  const { registry, url } = await startGateway(t)
  for (const type of [
    'application/x-www-form-urlencoded',
    'text/plain',
    'json',
    '',
    'application/json; charset=utf-8',
  ]) {
    const response = await postJson(`${url}/v1/search`, { query: 'stocks' }, { 'content-type': type })
    assert.equal(response.status, 200, type)
  }
  const bare =
    'POST /v1/search HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 18\r\n\r\n{"query":"stocks"}'
  const { port } = new URL(url)
  assert.match(await rawExchange(Number(port), bare), /^HTTP\/1.1 200 /)
  assert.equal(registry.searches.filter(({ text }) => text === 'stocks').length, 6)
})

test('a body over the cap is 413, and the answer arrives though the client is still sending', async (t) => {
  const { url, port } = await startGateway(t)
  const fits = `{"query":"","pad":"${'x'.repeat(60_000)}"}`
  assert.equal((await fetch(`${url}/v1/search`, { method: 'POST', body: fits })).status, 200)
  assert.equal(
    (await errorOf(await fetch(`${url}/v1/search`, { method: 'POST', body: 'x'.repeat(70_000) }))).status,
    413,
  )
  for (let i = 0; i < 20; i++) {
    const answer = await writeThenRead(port, 'POST /v1/search', Buffer.alloc(6_000_000, 'x'))
    assert.match(answer, /^HTTP\/1.1 413 .*"error":"payload_too_large"/s)
  }
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const chunked = `POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(8)}0\r\n\r\n`
  assert.match(await rawExchange(port, chunked, /payload_too_large/), /^HTTP\/1.1 413 /)
})

test('a request id is taken if printable and short, else made, and never contains "409"', async (t) => {
  const { url, log } = await startGateway(t)
  const idFor = async (given?: string) => {
    const headers: Record<string, string> = given === undefined ? {} : { 'x-request-id': given }
    return (await fetch(`${url}/health`, { headers })).headers.get('x-request-id') ?? ''
  }
  assert.equal(await idFor('abc 123/#~'), 'abc 123/#~')
  assert.ok(log.lines.some(({ fields }) => fields.requestId === 'abc 123/#~'))
  for (const bad of ['x'.repeat(65), 'caf\u00e9', undefined]) assert.match(await idFor(bad), /^[a-z2-7]{20}$/)
})

test('CORS: everyone by default, a preflight is 204, and a list of origins is kept to', async (t) => {
  const { url } = await startGateway(t)
  const preflight = await fetch(`${url}/v1/entities/zns:abc`, {
    method: 'OPTIONS',
    headers: { origin: 'http://d.example' },
  })
  assert.equal(preflight.status, 204)
  assert.equal(preflight.headers.get('access-control-allow-origin'), '*')
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /GET.*POST.*PUT.*DELETE/)
  assert.match(preflight.headers.get('access-control-allow-headers') ?? '', /Content-Type.*Authorization/)
  assert.equal((await fetch(`${url}/nowhere`)).headers.get('access-control-allow-origin'), '*')
  const strict = await startGateway(t, { corsOrigins: ['http://d.example'] })
  const allowed = await fetch(`${strict.url}/health`, { headers: { origin: 'http://d.example' } })
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'http://d.example')
  assert.equal(allowed.headers.get('vary'), 'Origin')
  const foreign = await fetch(`${strict.url}/health`, { headers: { origin: 'http://e.example' } })
  assert.equal(foreign.headers.get('access-control-allow-origin'), null)
})

test('answers bear Date and the modest security headers', async (t) => {
  const { url } = await startGateway(t)
  const { headers } = await fetch(`${url}/health`)
  assert.ok(Math.abs(Date.parse(headers.get('date') ?? '') - Date.now()) < 5_000)
  assert.equal(headers.get('x-content-type-options'), 'nosniff')
  assert.equal(headers.get('cache-control'), 'no-store')
})

test('a failure of the registry maps to the status of its code; a 503 and a 429 say when to come back', async (t) => {
  const { registry, url } = await startGateway(t)
  const id = enrol(registry, 1)
  registry.onEntity = async () => fail('node_not_ready', 'not synced yet')
  const notReady = await fetch(`${url}/v1/entities/${id}`)
  assert.equal(notReady.status, 503)
  assert.equal(notReady.headers.get('retry-after'), '5')
  registry.onEntity = async () => fail('storage_unavailable', 'the disk refuses')
  assert.equal((await errorOf(await fetch(`${url}/v1/entities/${id}`))).error, 'storage_unavailable')
})

test('a fault of the software is 500, logged with its stack and request id, and tells nothing of itself', async (t) => {
  const { registry, url, log, metrics } = await startGateway(t)
  const id = enrol(registry, 2)
  registry.onEntity = () => Promise.reject(new Error('secret detail'))
  const response = await fetch(`${url}/v1/entities/${id}`, { headers: { 'x-request-id': 'fault-1' } })
  const { status, error, message } = await errorOf(response)
  assert.deepEqual([status, error], [500, 'internal_error'])
  assert.ok(!message.includes('secret'))
  const line = log.lines.find(({ level }) => level === 'error')
  assert.equal(line?.fields.requestId, 'fault-1')
  const { error: logged } = line?.fields ?? {}
  assert.match(String(logged instanceof Error && logged.stack), /secret detail/)
  assert.equal(metrics.observed('http_request_seconds', { route: '/v1/entities/:id', code: '500' }).length, 1)
})

test('what is not HTTP is answered in the same shape, and too many headers with 431', async (t) => {
  const { port } = await startGateway(t)
  const nonsense = await rawExchange(port, 'hello there\r\n\r\n')
  assert.match(nonsense, /^HTTP\/1.1 400 .*"error":"malformed"/s)
  assert.match(nonsense, /^Date: /m)
  const huge = `GET /health HTTP/1.1\r\nHost: a\r\nX-Pad: ${'x'.repeat(20_000)}\r\n\r\n`
  assert.match(await rawExchange(port, huge), /^HTTP\/1.1 431 .*"error":"payload_too_large"/s)
})

test('limits: reads and writes of one address, with Retry-After; probes are exempt', async (t) => {
  const { url, metrics } = await startGateway(t, { readsPerAddressPerMinute: 3, writesPerAddressPerMinute: 2 })
  const statuses = async (count: number, call: () => Promise<Response>) =>
    Promise.all(Array.from({ length: count }, async () => (await call()).status)).then((all) => all.sort())
  assert.deepEqual(await statuses(5, () => fetch(`${url}/v1/info`)), [200, 200, 200, 429, 429])
  let seed = 50
  assert.deepEqual(await statuses(3, () => postJson(`${url}/v1/entities`, registration(seed++))), [201, 201, 429])
  const limited = await fetch(`${url}/v1/info`)
  assert.equal(limited.status, 429)
  assert.ok(Number(limited.headers.get('retry-after')) >= 1)
  assert.equal((await errorOf(limited)).error, 'rate_limited')
  assert.equal((await fetch(`${url}/health`)).status, 200)
  assert.equal(metrics.counted('dropped_total', { queue: 'http', reason: 'reads' }), 3)
  assert.equal(metrics.counted('dropped_total', { queue: 'http', reason: 'writes' }), 1)
})

test('limits: only accepted writes use up the limit of a key, so nobody can use up that of another', async (t) => {
  const { registry, url } = await startGateway(t, { writesPerKeyPerMinute: 2 })
  registry.onAct = () => fail('signature_invalid', 'forged')
  for (let i = 0; i < 5; i++) assert.equal((await postJson(`${url}/v1/entities`, registration(3))).status, 401)
  registry.onAct = () => undefined
  assert.equal((await postJson(`${url}/v1/entities`, registration(3))).status, 201)
  registry.entities.clear()
  assert.equal((await postJson(`${url}/v1/entities`, registration(3))).status, 201)
  assert.equal((await postJson(`${url}/v1/entities`, registration(3))).status, 429)
  assert.equal((await postJson(`${url}/v1/entities`, registration(4))).status, 201)
})

test('limits: writes of one key that come at once are counted before any of them is done', async (t) => {
  const { registry, url } = await startGateway(t, { writesPerKeyPerMinute: 2 })
  const finish: (() => void)[] = []
  const register = registry.register.bind(registry)
  registry.register = async (act, context) => {
    await new Promise<void>((resolve) => finish.push(resolve))
    return register(act, context)
  }
  let limited = 0
  const asked = [1, 2, 3, 4, 5].map(async () => {
    const { status } = await postJson(`${url}/v1/entities`, registration(3))
    if (status === 429) limited++
  })
  await until('an answer or a place for each', () => limited + finish.length === 5)
  assert.deepEqual([finish.length, limited], [2, 3])
  for (const go of finish) go()
  await Promise.all(asked)
})

test('behind a trusted proxy the caller is the last address it wrote; without one the header means nothing', async (t) => {
  const addressSeen = async (trustProxy: boolean) => {
    const { registry, url } = await startGateway(t, { trustProxy })
    await postJson(`${url}/v1/entities`, registration(5), { 'x-forwarded-for': '6.6.6.6, 203.0.113.9' })
    return registry.calls[0]?.context?.address
  }
  assert.equal(await addressSeen(true), '203.0.113.9')
  assert.equal(await addressSeen(false), '127.0.0.1')
})

test('metrics are for this machine or an admin, unless opened', async (t) => {
  const metricsText = async () => 'rollcall_entities 1\n'
  const adminAllowed = (token: string) => token === 'let-me-in'
  const closed = await startGateway(t, {}, { metricsText, adminAllowed })
  const local = await fetch(`${closed.url}/metrics`)
  assert.equal(local.status, 200)
  assert.match(local.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  assert.equal(await local.text(), 'rollcall_entities 1\n')
  // Passed on by a proxy on the same machine: the caller is elsewhere.
  const forwarded = { 'x-forwarded-for': '203.0.113.9' }
  assert.equal((await fetch(`${closed.url}/metrics`, { headers: forwarded })).status, 403)
  const asAdmin = { ...forwarded, authorization: 'Bearer let-me-in' }
  assert.equal((await fetch(`${closed.url}/metrics`, { headers: asAdmin })).status, 200)
  assert.equal(
    (await fetch(`${closed.url}/metrics`, { headers: { ...forwarded, authorization: 'Bearer x' } })).status,
    403,
  )
  const open = await startGateway(t, { metricsPublic: true }, { metricsText })
  assert.equal((await fetch(`${open.url}/metrics`, { headers: forwarded })).status, 200)
})

test('every answer is measured by route and code, without ids', async (t) => {
  const { registry, url, metrics } = await startGateway(t)
  const id = enrol(registry, 6)
  await fetch(`${url}/v1/entities/${id}`)
  await fetch(`${url}/nowhere/${id}`)
  assert.equal(metrics.observed('http_request_seconds', { route: '/v1/entities/:id', code: '200' }).length, 1)
  assert.equal(metrics.observed('http_request_seconds', { route: 'unknown', code: '404' }).length, 1)
})

test('ready says why it is not; health only says that the process is up', async (t) => {
  const { registry, url } = await startGateway(t)
  assert.deepEqual(await (await fetch(`${url}/ready`)).json(), { ready: true })
  registry.ready = { ready: false, reason: 'this node has not yet synced with the cluster' }
  const response = await fetch(`${url}/ready`)
  assert.equal(response.status, 503)
  const body = await response.json()
  assert.deepEqual([body.error, body.message], ['node_not_ready', 'this node has not yet synced with the cluster'])
  assert.deepEqual(await (await fetch(`${url}/health`)).json(), { status: 'ok' })
  for (const path of ['/v1/entities', '/v1/categories', '/v1/tags']) {
    assert.equal((await fetch(url + path)).status, 503, path)
  }
})

test('HEAD answers as GET does, without the body', async (t) => {
  const { url } = await startGateway(t)
  const response = await within(
    'the answer to HEAD',
    new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${url}/v1/info`, { method: 'HEAD' }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      request.on('error', reject)
      request.end()
    }),
  )
  assert.equal(response, 200)
})

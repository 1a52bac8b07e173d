import assert from 'node:assert/strict'
import { createDecipheriv, createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { DeveloperView } from '@rollcall/core'
import { type DeveloperId, developerIdOf, fail, nativeActBytes, ok, parseKey } from '@rollcall/protocol'
import { inlineVerifier } from '@rollcall/testkit'
import { makeDeveloperKey } from '../src/onboarding/developer-key.ts'
import { postJson, startGateway } from './support/harness.ts'
import { stampAt, WALL_MS } from './support/scripted-registry.ts'

/** The program that logs in: listens on a port of this machine until the key comes. */
const startProgram = async (t: TestContext) => {
  const came: URLSearchParams[] = []
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1')
    if (url.pathname === '/callback') came.push(url.searchParams)
    response.end('You may close this window.')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { port: (server.address() as AddressInfo).port, came }
}

/** As Zynd's `auth login` opens the key (zynd-wire §4.4). */
const unseal = (sealed: string, state: string): Buffer => {
  const bytes = Buffer.from(sealed, 'base64')
  const secret = createHash('sha256').update(state).digest()
  const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  const text = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  return Buffer.from(text.toString('utf8'), 'base64')
}

test('zynd auth login without a browser gets a key of its own, sealed for it', async (t) => {
  const { url, log, registry } = await startGateway(t)
  const { port, came } = await startProgram(t)
  const state = 'pX3-q_9'.repeat(6)
  const address = `${url}/onboard?callback_port=${port}&state=${state}&registry_url=${encodeURIComponent(url)}&name=alice`
  for (const _ of [1, 2]) assert.equal((await fetch(address)).status, 200)
  const ids = came.map((query) => query.get('developer_id'))
  assert.equal(new Set(ids).size, 2)
  for (const query of came) {
    assert.equal(query.get('state'), state)
    const seed = unseal(query.get('private_key_enc') ?? '', state)
    assert.equal(seed.length, 32)
    const { signer } = makeDeveloperKey({ next: () => 0, bytes: () => new Uint8Array(seed) })
    assert.equal(query.get('developer_id'), developerIdOf(signer.publicKey))
    assert.throws(() => unseal(query.get('private_key_enc') ?? '', `${state}x`))
  }
  assert.deepEqual(
    registry.calls.map(({ name, id }) => [name, id]),
    ids.map((id) => ['developerAct', id]),
  )
  for (const { act } of registry.calls) {
    assert.ok(act?.form === 'native' && act.by === 'developer')
    const { body } = JSON.parse(act.text)
    assert.equal(body.name, 'alice')
    const key = parseKey(body.public_key) ?? new Uint8Array()
    assert.ok(await inlineVerifier.verify(key, nativeActBytes('register_developer', act.text), act.signature))
  }
  // Who reads the log must not be able to open what the browser's history still holds.
  assert.ok(!JSON.stringify(log.lines).includes(state))
})

test('the key goes to this machine and nowhere else', async (t) => {
  const { url } = await startGateway(t)
  const ask = async (query: string) => fetch(`${url}/onboard?${query}`, { redirect: 'manual' })
  const sent = await ask('callback_port=4444&state=a%26b%2F&callback=http://evil.example&host=evil.example')
  const location = new URL(sent.headers.get('location') ?? '')
  assert.deepEqual([sent.status, location.host, location.pathname], [302, '127.0.0.1:4444', '/callback'])
  assert.deepEqual([...location.searchParams.keys()], ['state', 'developer_id', 'private_key_enc'])
  assert.equal(location.searchParams.get('state'), 'a&b/')
  const refused: readonly [string, string][] = [
    ['state=abc', 'callback_port'],
    ['state=abc&callback_port=0', 'callback_port'],
    ['state=abc&callback_port=65536', 'callback_port'],
    ['state=abc&callback_port=80@evil.example', 'callback_port'],
    ['state=abc&callback_port=1&callback_port=2', 'callback_port'],
    ['callback_port=4444', 'state'],
    ['callback_port=4444&state=', 'state'],
    ['callback_port=4444&state=a%0Ab', 'state'],
    [`callback_port=4444&state=${'x'.repeat(513)}`, 'state'],
  ]
  for (const [query, field] of refused) {
    const response = await ask(query)
    const { error, details } = await response.json()
    assert.deepEqual([response.status, error, details], [422, 'validation_failed', { field }], query)
  }
})

test('a browser gets a page that loads nothing from elsewhere and cannot be framed', async (t) => {
  const { url } = await startGateway(t)
  const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
  const page = await fetch(`${url}/onboard?callback_port=4444&state=abc`, { headers, redirect: 'manual' })
  assert.equal(page.status, 200)
  const policy = page.headers.get('content-security-policy') ?? ''
  for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'"]) {
    assert.ok(policy.includes(part), part)
  }
  assert.ok(!policy.includes('unsafe'))
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
  const html = await page.text()
  assert.doesNotMatch(html, /<script(?![^>]*src=)|\son\w+=|style=/)
  const loaded = [...html.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path)
  assert.deepEqual(loaded, ['/pages/page.css', '/pages/onboard.js'])
  const types = ['text/css', 'text/javascript']
  for (const [index, path] of loaded.entries()) {
    const asset = await fetch(`${url}${path}`)
    assert.deepEqual([asset.status, asset.headers.get('content-type')?.split(';')[0]], [200, types[index]])
  }
  const plain = await fetch(`${url}/onboard?callback_port=4444&state=abc&by=registry`, { headers, redirect: 'manual' })
  assert.equal(plain.status, 302)
})

test('info names the onboarding page, unless the operator names another or none (zynd-wire §4.4)', async (t) => {
  const infoOf = async (settings: object) => {
    const { url } = await startGateway(t, settings)
    return (await fetch(`${url}/v1/info`)).json()
  }
  const { developer_onboarding, onboarding_mode } = await infoOf({})
  assert.deepEqual(developer_onboarding, { mode: 'restricted', auth_url: 'http://a.example/onboard' })
  assert.equal(onboarding_mode, 'restricted')
  const elsewhere = await infoOf({ onboardingUrl: 'https://login.example/start' })
  assert.equal(elsewhere.developer_onboarding.auth_url, 'https://login.example/start')
  assert.deepEqual((await infoOf({ onboardingMode: 'open' })).developer_onboarding, { mode: 'open' })
})

test('a node in a container names the onboarding page by the port that the caller reached it by', async (t) => {
  const { gateway } = await startGateway(t)
  const urlFor = async (host: string, remoteAddress: string, more: Record<string, string> = {}) => {
    const answer = await gateway.inject({ url: '/v1/info', remoteAddress, headers: { host, ...more } })
    return answer.json().developer_onboarding.auth_url
  }
  assert.equal(await urlFor('localhost:8081', '172.17.0.1'), 'http://localhost:8081/onboard')
  assert.equal(await urlFor('[::1]:8081', '172.17.0.1'), 'http://[::1]:8081/onboard')
  const own = 'http://a.example/onboard'
  assert.equal(await urlFor('127.0.0.1:8081', '127.0.0.1'), own)
  assert.equal(await urlFor('127.0.0.1:8081', '172.17.0.1', { 'x-forwarded-for': '1.1.1.1' }), own)
  for (const host of ['evil.example', 'localhost.evil.example', 'localhost:1@evil', '127.0.0.1.evil']) {
    assert.equal(await urlFor(host, '172.17.0.1'), own, host)
  }
})

const developerView = (id: DeveloperId): DeveloperView => ({
  id,
  publicKey: new Uint8Array(32),
  record: undefined,
  profile: { name: '', profileUrl: '', github: '' },
  handle: undefined,
  handleConflict: undefined,
  entities: 0,
  since: stampAt(WALL_MS),
  stamp: stampAt(WALL_MS),
})

test('an admin approves a developer: registered, and its key sealed for the program; nobody else does', async (t) => {
  const { url, registry } = await startGateway(t, {}, { adminAllowed: (token) => token === 'let-me-in' })
  const approve = (body: unknown, token?: string) =>
    postJson(
      `${url}/v1/admin/developers/approve`,
      body,
      token === undefined ? {} : { authorization: `Bearer ${token}` },
    )
  const wanted = { name: 'Alice', state: 'pX3-q_9', callback_port: 4444, metadata: { form: 7 } }
  assert.equal((await approve(wanted)).status, 401)
  assert.equal((await approve(wanted, 'guess')).status, 403)
  assert.equal((await approve({ name: 'Alice' }, 'let-me-in')).status, 422)
  assert.equal(registry.calls.length, 0)
  registry.onAct = () => fail('node_not_ready', 'syncing')
  assert.equal((await approve(wanted, 'let-me-in')).status, 503)
  registry.onAct = () => undefined
  registry.developerAct = async (id, act, context) => {
    registry.calls.push({ name: 'developerAct', act, id, context })
    return ok(developerView(id))
  }
  const response = await approve(wanted, 'let-me-in')
  assert.equal(response.status, 201)
  const { developer_id, public_key, private_key_enc } = await response.json()
  const seed = unseal(private_key_enc, wanted.state)
  const { signer, developerId } = makeDeveloperKey({ next: () => 0, bytes: () => new Uint8Array(seed) })
  assert.deepEqual([developer_id, parseKey(public_key)], [developerId, signer.publicKey])
  assert.equal(registry.calls.at(-1)?.id, developer_id)
})

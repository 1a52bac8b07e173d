/** How a developer gets a key, and how a node proves who it is (docs/zynd-wire.md, section 4.4). */
import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import { getDeveloper } from '../support/developers.ts'
import { canonical, type Fields } from '../support/dump.ts'
import { fetchCall, JSON_TYPE, objectOf, postJson, type Reply } from '../support/http.ts'
import { derive, Key } from '../support/keys.ts'
import { login, unseal } from '../support/login.ts'
import { describe as described, registration } from '../support/sdk.ts'
import { adminToken, nodes } from '../support/shared.ts'

const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

describe('section 4.4, onboarding and identity', () => {
  test('Z4.4-login, Z4.4-login-headless, Z4.4-login-key, Z4.4-open-too: a login without a browser gives a key that counts', async () => {
    const got = await login(nodes.url, (address) => fetchCall(address))
    assert.ok(got !== undefined, 'the node names no page')
    assert.ok([32, 64].includes(got.privateKey.length))
    assert.equal(got.developerId, got.key.developerId)
    const identity = { developer: got.key, key: derive(got.key, 0), index: 0, type: 'agent' } as const
    const reply = await postJson(`${nodes.url}/v1/entities`, registration(identity, described('after a login')))
    assert.equal(reply.status, 201, reply.text)
    assert.equal((await nodes.get(identity.key.agentId)).body.developer_id, got.developerId)
    assert.equal((await getDeveloper(nodes.url, got.key)).status, 200)
  })

  test('Z4.4-login: a browser gets a page with its script, and no key in it', async () => {
    let page = ''
    const opened = async (address: string): Promise<void> => {
      const headers = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
      const reply = await fetchCall(address, { headers })
      assert.match(reply.headers.get('content-type') ?? '', /^text\/html/)
      page = reply.text
      // The person gives up on the page and asks for the way without it.
      await fetchCall(address)
    }
    assert.ok((await login(nodes.url, opened)) !== undefined)
    const [, script] = /<script[^>]+src="(\/[^"]+)"/.exec(page) ?? []
    assert.equal((await fetchCall(`${nodes.url}${script}`)).status, 200)
    assert.doesNotMatch(page, /private_key_enc=[A-Za-z0-9+/]/)
  })

  test('Z4.4-approve: for an admin the node makes, registers and seals a key; for nobody else', async () => {
    const approve = (state: unknown, authorization?: string): Promise<Reply> =>
      fetchCall(`${nodes.url}/v1/admin/developers/approve`, {
        method: 'POST',
        body: JSON.stringify({ name: 'Let in', state, callback_port: 4444, metadata: { mail: 'a@b.example' } }),
        headers: { ...JSON_TYPE, ...(authorization === undefined ? {} : { Authorization: authorization }) },
      })
    assert.equal((await approve('state-of-a-login')).status, 401)
    assert.equal((await approve('state-of-a-login', 'Bearer rca_guessed')).status, 403)
    assert.equal((await approve('', `Bearer ${adminToken}`)).status, 422)
    const reply = await approve('state-of-a-login', `Bearer ${adminToken}`)
    assert.equal(reply.status, 201, reply.text)
    const key = new Key(unseal(String(reply.body.private_key_enc), 'state-of-a-login').subarray(0, 32))
    assert.deepEqual([reply.body.developer_id, reply.body.public_key], [key.developerId, key.publicText])
    assert.equal((await getDeveloper(nodes.url, key)).body.name, 'Let in')
  })

  test('Z4.4-identity: the node proves by its key who it is', async () => {
    const { status, body } = await fetchCall(`${nodes.url}/.well-known/zynd-registry.json`)
    assert.equal(status, 200)
    const { signature, ...signed } = body
    assert.equal(body.type, 'registry-identity-proof')
    for (const field of ['version', 'domain', 'registry_id', 'tls_spki_fingerprint']) {
      assert.equal(typeof body[field], 'string', field)
    }
    assert.ok(Date.parse(String(body.issued_at)) < Date.parse(String(body.expires_at)))
    const key = Buffer.from(String(body.ed25519_public_key).replace('ed25519:', ''), 'base64')
    const spki = createPublicKey({ key: Buffer.concat([SPKI, key]), format: 'der', type: 'spki' })
    const bytes = Buffer.from(String(signature).replace('ed25519:', ''), 'base64')
    assert.ok(verify(null, Buffer.from(canonical(signed as Fields)), spki, bytes))
    assert.equal(body.registry_id, (await fetchCall(`${nodes.url}/v1/info`)).body.registry_id)
  })

  test('Z4.4-swagger: the description of the API, and a page to read it', async () => {
    const { status, body } = await fetchCall(`${nodes.url}/swagger/doc.json`)
    assert.equal(status, 200)
    assert.ok('/v1/entities/{id}' in objectOf(body.paths))
    const page = await fetchCall(`${nodes.url}/swagger/`)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
  })
})

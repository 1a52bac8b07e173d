/** Ids, keys, canonical texts and signatures as foreign clients make them (docs/zynd-wire.md, sections 1 to 3). */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ROLLCALL_BIN } from '../support/bin.ts'
import { deregister, register } from '../support/cli.ts'
import { canonical, type Fields, goMarshal } from '../support/dump.ts'
import { fetchCall, JSON_TYPE, objectOf, postJson, type Reply } from '../support/http.ts'
import { derive, Key, proofOf } from '../support/keys.ts'
import { PythonAgent } from '../support/python-agent.ts'
import { describe as described, identityOf, registration, registrationText, updateOf } from '../support/sdk.ts'
import { nodes } from '../support/shared.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

const enrol = (fields: unknown, url = nodes.url): Promise<Reply> => postJson(`${url}/v1/entities`, fields)
const assertStatus = (reply: Reply, status: number): void => assert.equal(reply.status, status, reply.text)

/** A registration of which nothing is signed but what S1 covers, with other fields added or left out. */
const bare = (key: Key, name: string, tags: Fields[string] = ['zynd']) => {
  const covered = {
    category: 'conformance',
    entity_url: 'http://127.0.0.1:5000',
    name,
    public_key: key.publicText,
    summary: '',
    tags,
  }
  return { ...covered, signature: key.sign(canonical(covered)) }
}

describe('section 1', () => {
  test('Z1-key-text, Z1-agent-id: a key with its prefix and one without have the same id', async () => {
    const [plain, prefixed] = [new Key('without prefix'), new Key('with prefix')]
    const covered = { ...bare(plain, 'without-prefix'), public_key: plain.publicText.slice('ed25519:'.length) }
    const { signature: _, ...fields } = covered
    const reply = await enrol({ ...fields, signature: plain.sign(canonical(fields)) })
    assertStatus(reply, 201)
    assert.equal(reply.body.entity_id, plain.agentId)
    const other = await enrol(bare(prefixed, 'with-prefix'))
    assert.equal(other.body.entity_id, prefixed.agentId)
    const shown = await nodes.get(prefixed.agentId)
    assert.equal(shown.body.public_key, prefixed.publicText)
    assert.match(String(shown.body.signature), /^ed25519:[A-Za-z0-9+/]{86}==$/)
    for (const broken of [prefixed.publicText.replace(/=+$/, ''), prefixed.publicText.slice(0, -8), 'ed25519:']) {
      assert.ok([400, 401, 422].includes((await enrol({ ...bare(prefixed, 'x'), public_key: broken })).status))
    }
  })

  test('Z1-service-id, Z1-two-ids: one key is an agent and a service, both kept, shown and found everywhere', async () => {
    const agent = identityOf('two-ids', 'agent')
    const service = { ...agent, type: 'service' } as const
    const about = described('two-ids')
    for (const identity of [agent, service]) assertStatus(await enrol(registration(identity, about)), 201)
    for (const id of [agent.key.agentId, agent.key.serviceId]) {
      await nodes.everywhere('both', id, ({ body }) => body.entity_id === id && body.name === 'two-ids')
    }
    assert.equal((await nodes.get(agent.key.serviceId)).body.entity_type, 'service')
    const { body } = await postJson(`${nodes.url}/v1/search`, { query: 'two-ids', status: 'any' })
    assert.equal(body.total_found, 2)
  })

  test('Z1-developer-id, Z1-proof, Z3-s12: a proof names its developer; one that does not hold is refused', async () => {
    const identity = identityOf('proven')
    const about = described('proven')
    const elsewhere = proofOf(identity.developer, new Key('some other key'), 0)
    const stranger = { ...proofOf(new Key('a stranger'), identity.key, 0) }
    const taken = { ...stranger, developer_public_key: identity.developer.publicText }
    for (const proof of [elsewhere, taken]) {
      const reply = await enrol(registration(identity, about, { developer_proof: proof }))
      assert.equal(reply.status, 401, reply.text)
    }
    const mismatched = registration(identity, about, { developer_id: new Key('a stranger').developerId })
    assert.ok((await enrol(mismatched)).status >= 400)
    assertStatus(await enrol(registration(identity, about)), 201)
    assert.equal((await nodes.get(identity.key.agentId)).body.developer_id, identity.developer.developerId)
  })

  test('Z1-old-names: a proof with index and signature is read, and shown with the new names', async () => {
    const identity = identityOf('old-names')
    const {
      developer_public_key,
      entity_index: index,
      developer_signature: signature,
    } = proofOf(identity.developer, identity.key, 0)
    const old = { developer_public_key, index, signature }
    assertStatus(await enrol(registration(identity, described('old-names'), { developer_proof: old })), 201)
    const { body } = await nodes.get(identity.key.agentId)
    assert.deepEqual(objectOf(body.developer_proof), {
      developer_public_key,
      entity_index: index,
      developer_signature: signature,
    })
  })

  test('Z1-registry-id: a node and the home of an entity are named zns:registry:', async () => {
    const { body } = await fetchCall(`${nodes.url}/v1/info`)
    assert.match(String(body.registry_id), /^zns:registry:[0-9a-f]{32}$/)
    const key = new Key('at home')
    assertStatus(await enrol(bare(key, 'at-home')), 201)
    assert.equal((await nodes.get(key.agentId)).body.home_registry, body.registry_id)
  })
})

describe('the command and key files of Zynd', () => {
  const run = promisify(execFile)
  const rollcall = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await run(process.execPath, [fileURLToPath(ROLLCALL_BIN), ...args, '--json'])
    return objectOf(JSON.parse(stdout))
  }
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rollcall-zynd-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  const save = async (name: string, file: object): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, JSON.stringify(file), { mode: 0o600 })
    return path
  }

  test('Z1-key-files: files of 32 and of 64 bytes, of a developer and of an entity, are read', async () => {
    const identity = identityOf('in a file', 'agent', 3)
    const { key, developer } = identity
    const files = [
      { public_key: key.publicText, private_key: base64(key.seed) },
      { public_key: key.publicText, private_key: base64(Buffer.concat([key.seed, key.publicBytes])) },
      ...['entity_index', 'index'].map((index) => ({
        public_key: key.publicText,
        private_key: base64(key.seed),
        derived_from: { developer_public_key: developer.publicText, [index]: 3 },
      })),
    ]
    const show = async (file: object, at: number): Promise<Record<string, unknown>> =>
      rollcall('keys', 'show', '--key', await save(`${at}.json`, file))
    for (const shown of await Promise.all(files.map(show))) {
      assert.ok(JSON.stringify(shown).includes(key.agentId), JSON.stringify(shown))
    }
  })

  test('Z1-derivation: the command derives the entity keys that Zynd derives', async () => {
    const developer = new Key('a developer who derives')
    const file = { public_key: developer.publicText, private_key: base64(developer.seed) }
    const developerFile = await save('developer.json', file)
    for (const index of [0, 7, 65_536]) {
      const derived = derive(developer, index)
      const shown = await rollcall('keys', 'derive', '--index', String(index), '--key', developerFile)
      assert.ok(JSON.stringify(shown).includes(derived.agentId), JSON.stringify(shown))
    }
  })
})

describe('section 2', () => {
  const AWKWARD = [
    ['quotes', 'a "quoted" \\ name'],
    ['controls', 'tab\tline\nbell\u0007 and unit\u001f'],
    ['html', '<b>&amp;</b>'],
    ['separators', 'line\u2028paragraph\u2029'],
    ['del', 'del\u007fdel'],
    ['mark', '\ufeffmark'],
    ['emoji', '🤖 名前 Größe'],
  ] as const
  for (const [label, name] of AWKWARD) {
    test(`Z2-canonical, Z2-loose-post, Z2-go-separators: ${label} in every text, from both SDKs`, async () => {
      const about = { ...described(name), category: name.slice(0, 20), tags: [name.slice(0, 30)], summary: name }
      const agents = [
        new TypeScriptAgent(identityOf(`ts ${label}`), about, nodes.url),
        new PythonAgent(identityOf(`py ${label}`), about, nodes.url),
      ]
      for (const agent of agents) {
        assertStatus(await agent.register(), 201)
        const { body } = await nodes.get(agent.id)
        assert.deepEqual([body.name, body.summary, body.tags], [name, name, [name.slice(0, 30)]])
      }
    })
  }

  test('Z2-surrogates: half a surrogate pair is 400', async () => {
    const key = new Key('half a pair')
    const fields = bare(key, 'NAME')
    const body = JSON.stringify(fields).replace('NAME', '\\ud83e')
    const reply = await fetchCall(`${nodes.url}/v1/entities`, { method: 'POST', body, headers: JSON_TYPE })
    assert.equal(reply.status, 400, reply.text)
    assert.equal((await nodes.get(key.agentId)).status, 404)
  })

  test('Z2-missing-null: what T had not defined was signed as null and is not in the body', async () => {
    const key = new Key('undefined category')
    const covered = { ...bare(key, 'undefined-category'), category: undefined, signature: undefined }
    const { signature: _, ...signed } = covered
    const body = { ...signed, signature: key.sign(canonical(signed)) }
    assertStatus(await enrol(JSON.parse(JSON.stringify(body))), 201)
  })

  test('Z2-raw-put: numbers and spaces of an update are verified as they were sent', async () => {
    const key = new Key('raw put')
    assertStatus(await enrol(bare(key, 'raw-put')), 201)
    const fields = '{"summary": "raw",  "entity_pricing":{"rate":1e-07, "base_price_usd":1.0, "most": 1e+16}}'
    const signed = fields.replace(/\}$/, `,"signature":"${key.sign('whatever was signed within')}"}`)
    const reply = await fetchCall(`${nodes.url}/v1/entities/${key.agentId}`, {
      method: 'PUT',
      body: signed,
      headers: { ...JSON_TYPE, Authorization: `Bearer ${key.sign(signed)}` },
    })
    assertStatus(reply, 200)
    assert.deepEqual(objectOf(reply.body.entity_pricing), { rate: 1e-7, base_price_usd: 1, most: 1e16 })
  })
})

describe('section 3', () => {
  test('Z3-s1, Z3-s5: every covered field is covered', async () => {
    const key = new Key('covered')
    const fields = registration(identityOf('covered'), described('covered'))
    assertStatus(await enrol({ ...fields, public_key: key.publicText }), 401)
    for (const field of ['name', 'category', 'summary', 'entity_url']) {
      const reply = await enrol({ ...fields, [field]: 'http://127.0.0.1:1/changed' })
      assert.deepEqual([reply.status, reply.body.error], [401, 'signature_invalid'], `${field}: ${reply.text}`)
    }
    assertStatus(await enrol({ ...fields, tags: ['wire', 'zynd'] }), 401)
    assertStatus(await enrol({ ...fields, entity_type: 'service' }), 401)
    assertStatus(await enrol(fields), 201)
  })

  test('Z3-s1: entity_type is covered where it is not empty, and only there', async () => {
    const empty = new Key('empty type')
    assertStatus(await enrol({ ...bare(empty, 'empty-type'), entity_type: '' }), 201)
    const absent = identityOf('absent type')
    assertStatus(await register(nodes.url, absent, described('absent-type'), false), 201)
  })

  test('Z3-s1: only the JSON rule is taken for registrations, HTML escapes do not verify', async () => {
    const identity = identityOf('go escaped')
    const about = described('go & escaped')
    const fields = { ...registration(identity, about), signature: '' }
    const parsed = JSON.parse(registrationText(identity, about))
    const reply = await enrol({ ...fields, signature: identity.key.sign(goMarshal(parsed)) })
    assertStatus(reply, 401)
  })

  test('Z3-s1-uncovered: other fields change nothing; replayed it is 409 while registered', async () => {
    const identity = identityOf('uncovered')
    const fields = registration(identity, described('uncovered'))
    const changed = { ...fields, version: '9.9.9', entity_pricing: { model: 'free' }, openapi_url: 'http://a.example' }
    assertStatus(await enrol(changed), 201)
    assertStatus(await enrol(fields), 409)
    assertStatus(await enrol(changed), 409)
  })

  for (const [label, signedOver] of [
    ['an empty list', []],
    ['null', null],
  ] as const) {
    test(`Z3-s1-tags-absent: a body without tags, signed over ${label}`, async () => {
      const key = new Key(`tags ${label}`)
      const { tags: _, ...fields } = bare(key, `tags-${label}`, signedOver)
      assertStatus(await enrol(fields), 201)
      assert.deepEqual((await nodes.get(key.agentId)).body.tags, [])
    })
  }

  test('Z3-s1-service-url: S1 of a service covers entity_url, not service_endpoint', async () => {
    const identity = identityOf('endpoint', 'service')
    const about = described('endpoint', { service_endpoint: 'http://127.0.0.1:6000/api' })
    assertStatus(await enrol(registration(identity, about)), 201)
    const { body } = await nodes.get(identity.key.serviceId)
    assert.deepEqual([body.entity_url, body.service_endpoint], [about.entity_url, about.service_endpoint])
  })

  test('Z3-s2: the header over the raw body decides, by the entity or its developer; the inner signature does not', async () => {
    const identity = identityOf('updated')
    assertStatus(await enrol(registration(identity, described('updated'))), 201)
    const put = (body: string, authorization: string): Promise<Reply> =>
      fetchCall(`${nodes.url}/v1/entities/${identity.key.agentId}`, {
        method: 'PUT',
        body,
        headers: { ...JSON_TYPE, Authorization: authorization },
      })
    const { body, authorization } = updateOf(identity.key, { summary: 'By the entity.' })
    assertStatus(await put(body, authorization), 200)
    const byDeveloper = updateOf(identity.developer, { summary: 'By the developer.' })
    const last = await put(byDeveloper.body, byDeveloper.authorization)
    assertStatus(last, 200)
    assert.equal(last.body.summary, 'By the developer.')
    const inner = updateOf(identity.key, { summary: 'Only within.' })
    assertStatus(await put(inner.body, `Bearer ${identity.key.sign('something else')}`), 401)
    assertStatus(await put(`${inner.body} `, inner.authorization), 401)
    const wrongWithin = canonical({ signature: new Key('a stranger').sign('x'), summary: 'Wrong within.' })
    assertStatus(await put(wrongWithin, `Bearer ${identity.key.sign(wrongWithin)}`), 200)
  })

  test('Z3-s2-null, Z4.6-persona: a persona of the MCP server: registered, updated over null to no effect, deregistered', async () => {
    const identity = identityOf('persona')
    const entity_pricing = { model: 'per-request', base_price_usd: 0.1, currency: 'USD', payment_methods: ['x402'] }
    assertStatus(await enrol(registration(identity, described('persona'), { entity_pricing })), 201)
    const beforeUpdate = (await nodes.get(identity.key.agentId)).body
    const { body, authorization } = updateOf(identity.key, undefined)
    assert.deepEqual(Object.keys(JSON.parse(body)), ['signature'])
    const reply = await fetchCall(`${nodes.url}/v1/entities/${encodeURIComponent(identity.key.agentId)}`, {
      method: 'PUT',
      body,
      headers: { ...JSON_TYPE, Authorization: authorization },
    })
    assertStatus(reply, 200)
    const { updated_at: _, stamp: __, as_of: ___, ...rest } = (await nodes.get(identity.key.agentId)).body
    assert.deepEqual({ ...beforeUpdate, ...rest }, beforeUpdate)
    assertStatus(await deregister(nodes.url, identity, identity.key), 200)
    assertStatus(await nodes.get(identity.key.agentId), 404)
  })

  for (const by of ['entity', 'developer'] as const) {
    for (const scheme of ['Bearer', 'Bearer-Dev']) {
      test(`Z3-s3: a deregistration signed by the ${by}, under ${scheme}`, async () => {
        const identity = identityOf(`ended by ${by} ${scheme}`)
        assertStatus(await enrol(registration(identity, described(`ended-${by}-${scheme}`))), 201)
        const stranger = await deregister(nodes.url, identity, new Key('a stranger'), scheme)
        assertStatus(stranger, 401)
        const signer = by === 'entity' ? identity.key : identity.developer
        assertStatus(await deregister(nodes.url, identity, signer, scheme), 200)
      })
    }
  }
})

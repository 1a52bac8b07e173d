/** Developers, handles, names and what they resolve to (docs/zynd-wire.md, sections 1, 3 and 4.3). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../e2e/support/wait.ts'
import {
  bindName,
  claimHandle,
  deleteSigned,
  developerUrl,
  getDeveloper,
  postDeveloper,
  putSigned,
} from '../support/developers.ts'
import { goMarshal } from '../support/dump.ts'
import { fetchCall, listOf, objectOf, postJson, type Reply } from '../support/http.ts'
import { derive, Key, proofOf } from '../support/keys.ts'
import { PythonAgent } from '../support/python-agent.ts'
import { describe as described, type Identity, identityOf, registration } from '../support/sdk.ts'
import { nodes } from '../support/shared.ts'
import { RawSocket } from '../support/socket.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

const assertStatus = (reply: Reply, status: number): void => assert.equal(reply.status, status, reply.text)
const at = (path: string, url = nodes.url): Promise<Reply> => fetchCall(`${url}${path}`)

/** Resolves once this path answers so on every node. */
const everywhere = async (path: string, holds: (reply: Reply) => boolean): Promise<void> => {
  await until(5_000, `${path} everywhere`, async () =>
    (await Promise.all(nodes.urls.map((url) => at(path, url)))).every(holds),
  )
}

/** A developer with a handle, and an agent of theirs that is registered. */
const household = async (handle: string): Promise<Identity> => {
  const identity = identityOf(handle)
  assertStatus(await postDeveloper(nodes.url, identity.developer, { name: `Developer ${handle}` }), 201)
  assertStatus(await claimHandle(nodes.url, identity.developer, handle), 201)
  const fields = { ...registration(identity, described(`Agent of ${handle}`)), entity_name: '' }
  assertStatus(await postJson(`${nodes.url}/v1/entities`, fields), 201)
  return identity
}

describe('section 4.3, developers', () => {
  test('Z4.3-developer-post, Z3-s6: 201 with the id; again 409; handle is not covered; a wrong signature is 401', async () => {
    const key = new Key('a new developer')
    const fields = { name: 'Ada', github: 'ada', profile_url: 'https://ada.example' }
    const stranger = { ...fields, public_key: key.publicText, signature: new Key('a stranger').sign('x') }
    assertStatus(await postJson(`${nodes.url}/v1/developers`, stranger), 401)
    const reply = await postDeveloper(nodes.url, key, { ...fields, handle: 'ada-of-zynd' })
    assertStatus(reply, 201)
    assert.deepEqual([reply.body.developer_id, typeof reply.body.message], [key.developerId, 'string'])
    assert.equal((await at('/v1/handles/ada-of-zynd/available')).body.available, true)
    assertStatus(await postDeveloper(nodes.url, key, fields), 409)
  })

  test('Z2-go-escapes: a developer signed by Go, with & and < escaped, and one signed by JavaScript', async () => {
    for (const [label, form] of [
      ['go', goMarshal],
      ['js', undefined],
    ] as const) {
      const key = new Key(`ampersands of ${label}`)
      const fields = { name: 'Tom & Jerry <tj>', profile_url: 'https://t.example/?a=1&b=2' }
      assertStatus(await postDeveloper(nodes.url, key, fields, form), 201)
      assert.equal((await getDeveloper(nodes.url, key)).body.name, 'Tom & Jerry <tj>')
    }
  })

  test('Z4.3-developer-get: 200 with what cards are built of, 404 where unknown', async () => {
    const { developer } = await household('getter')
    const reply = await getDeveloper(nodes.url, developer)
    assertStatus(reply, 200)
    const { developer_id, name, public_key, dev_handle } = reply.body
    assert.deepEqual(
      { developer_id, name, public_key, dev_handle },
      {
        developer_id: developer.developerId,
        name: 'Developer getter',
        public_key: developer.publicText,
        dev_handle: 'getter',
      },
    )
    for (const field of ['profile_url', 'github', 'home_registry'])
      assert.equal(typeof reply.body[field], 'string', field)
    assert.equal(typeof reply.body.dev_handle_verified, 'boolean')
    assert.ok('verification_method' in reply.body)
    assertStatus(await getDeveloper(nodes.url, new Key('nobody')), 404)
    assert.equal((await getDeveloper(nodes.url, new Key('nobody'))).body.error, 'developer_not_found')
  })

  test('Z4.1-developer-provision, Z4.4-open-too: a proof that holds makes its developer known, and the SDKs read it', async () => {
    for (const make of [TypeScriptAgent, PythonAgent]) {
      const agent = new make(identityOf(`provisions ${make.name}`), described('provisions'), nodes.url)
      assertStatus(await getDeveloper(nodes.url, agent.identity.developer), 404)
      await agent.start()
      assert.deepEqual(agent.steps, ['GET developer 404', 'GET 404', 'POST 201'])
      await agent.moveTo(nodes.url)
      assert.deepEqual(agent.steps, ['GET developer 200', 'GET 200'])
      agent.stop()
    }
  })

  test('Z4.3-developer-put, Z4.3-developer-delete, Z3-s7, Z3-s8: 200, shown everywhere, then gone', async () => {
    const key = new Key('changes their name')
    assertStatus(await postDeveloper(nodes.url, key, { name: 'Before' }), 201)
    const url = developerUrl(nodes.url, key)
    assertStatus(await putSigned(url, new Key('a stranger'), { name: 'Stolen' }), 401)
    const changed = await putSigned(url, key, { name: 'After' })
    assertStatus(changed, 200)
    assert.equal(changed.body.name, 'After')
    const path = `/v1/developers/${key.developerId}`
    await everywhere(path, ({ body }) => body.name === 'After')
    assertStatus(await deleteSigned(url, new Key('a stranger'), key.developerId), 401)
    const ended = await deleteSigned(url, key, key.developerId)
    assertStatus(ended, 200)
    assert.equal(typeof ended.body.message, 'string')
    await everywhere(path, ({ status }) => status === 404)
  })

  test('Z4.3-developer-entities: under entities and under agents, with their count, also at /agents', async () => {
    const { developer, key } = await household('has-entities')
    for (const path of ['entities', 'agents']) {
      const { status, body } = await fetchCall(`${developerUrl(nodes.url, developer)}/${path}`)
      assert.deepEqual([status, body.developer_id, body.count], [200, developer.developerId, 1])
      for (const list of [body.entities, body.agents]) {
        assert.deepEqual(
          listOf(list).map((entity) => entity.entity_id),
          [key.agentId],
        )
      }
    }
  })
})

describe('section 4.3, handles', () => {
  test('Z4.3-handle-post, Z3-s9: 201; 404 without a developer; 409 where it is taken', async () => {
    const [first, second] = [new Key('first of the name'), new Key('second of the name')]
    assertStatus(await claimHandle(nodes.url, first, 'contested'), 404)
    for (const key of [first, second]) assertStatus(await postDeveloper(nodes.url, key, { name: 'X' }), 201)
    assertStatus(await claimHandle(nodes.url, first, 'contested', second), 401)
    const reply = await claimHandle(nodes.url, first, 'contested')
    assertStatus(reply, 201)
    assert.deepEqual([reply.body.handle, reply.body.developer_id], ['contested', first.developerId])
    assert.equal(typeof reply.body.message, 'string')
    assertStatus(await claimHandle(nodes.url, second, 'contested'), 409)
    assertStatus(await claimHandle(nodes.url, first, 'another-one'), 409)
  })

  test('Z4.3-handle-get, Z4.3-handle-available, Z4.3-everywhere: whose it is, on every node', async () => {
    const { developer } = await household('visible')
    await everywhere('/v1/handles/visible', ({ body }) => body.developer_id === developer.developerId)
    const { body } = await at('/v1/handles/visible')
    assert.deepEqual([body.handle, body.developer_name], ['visible', 'Developer visible'])
    assert.equal(typeof body.verified, 'boolean')
    assert.ok('verification_method' in body)
    assertStatus(await at('/v1/handles/nobody-at-all'), 404)
    const available = async (handle: string): Promise<unknown[]> => {
      const reply = await at(`/v1/handles/${encodeURIComponent(handle)}/available`)
      return [reply.status, reply.body.handle, reply.body.available, typeof reply.body.reason]
    }
    assert.deepEqual(await available('visible'), [200, 'visible', false, 'string'])
    assert.deepEqual((await available('still-free')).slice(0, 3), [200, 'still-free', true])
    assert.deepEqual(await available('No Handle!'), [200, 'No Handle!', false, 'string'])
  })

  test('Z1-names, Z1-reserved: what is no handle, and what is nobody’s, is not available and cannot be claimed', async () => {
    const key = new Key('wants the impossible')
    assertStatus(await postDeveloper(nodes.url, key, { name: 'X' }), 201)
    const malformed = ['ab', 'a'.repeat(41), '1abc', 'abc-', 'a--b', 'Abc', 'a_bc', 'a.bc', '-abc']
    const reserved = ['zynd', 'system', 'admin', 'test', 'root', 'registry', 'anonymous', 'unknown']
    for (const handle of [...malformed, ...reserved]) {
      const { status, body } = await at(`/v1/handles/${handle}/available`)
      assert.deepEqual([status, body.available], [200, false], handle)
      const claim = await claimHandle(nodes.url, key, handle)
      assert.ok(claim.status >= 400 && claim.status < 500, handle)
    }
    assertStatus(await claimHandle(nodes.url, key, `a${'b-c'.repeat(13)}`), 201)
  })

  test('Z4.3-handle-delete, Z3-s10: released by its holder, and free', async () => {
    const { developer } = await household('released')
    const url = `${nodes.url}/v1/handles/released`
    assertStatus(await deleteSigned(url, new Key('a stranger'), 'release:released'), 401)
    assertStatus(await deleteSigned(url, developer, 'released'), 401)
    assertStatus(await deleteSigned(url, developer, 'release:released'), 200)
    await everywhere('/v1/handles/released/available', ({ body }) => body.available === true)
    const next = new Key('next holder')
    assertStatus(await postDeveloper(nodes.url, next, { name: 'Next' }), 201)
    assertStatus(await claimHandle(nodes.url, next, 'released'), 201)
  })

  test('Z7-handle-types: a claim and a binding are told on every node', async () => {
    const feeds = await Promise.all(nodes.urls.map((url) => RawSocket.open(`${url}/v1/ws/activity`)))
    const identity = await household('newsworthy')
    assertStatus(await bindName(nodes.url, identity, { handle: 'newsworthy', name: 'in-print' }), 201)
    for (const [type, field, value] of [
      ['handle_claimed', 'handle', /^newsworthy$/],
      ['name_registered', 'fqan', /\/newsworthy\/in-print$/],
    ] as const) {
      await until(5_000, `${type} on every node`, async () =>
        feeds.every(({ frames }) =>
          frames.some((frame) => {
            const { developer_id, action, ...data } = objectOf(frame.data)
            const isOurs = developer_id === identity.developer.developerId && action === type
            return frame.type === type && isOurs && value.test(String(data[field]))
          }),
        ),
      )
    }
    for (const feed of feeds) feed.end()
  })

  test('Z4.3-handle-entities: the bindings of a handle, also at /agents', async () => {
    const identity = await household('binder')
    assertStatus(await bindName(nodes.url, identity, { handle: 'binder', name: 'bound-one' }), 201)
    for (const path of ['entities', 'agents']) {
      const reply = await at(`/v1/handles/binder/${path}`)
      const list: unknown = JSON.parse(reply.text)
      assert.deepEqual(
        listOf(list).map(({ entity_name, entity_id }) => [entity_name, entity_id]),
        [['bound-one', identity.key.agentId]],
      )
    }
  })
})

describe('section 4.3, names', () => {
  test('Z4.3-name-post, Z3-s4, Z3-s4-tags-absent, Z4.3-name-again: what T, P and TC sign is bound, and again', async () => {
    const identity = await household('names')
    const bindings = [
      { handle: 'names', name: 'tags-null', signedTags: null },
      { handle: 'names', name: 'tags-empty', signedTags: [] },
      { handle: 'names', name: 'tags-given', tags: ['b', 'a'], version: '1.0.0' },
      { handle: 'names', name: 'by-go', version: '<1 & up>', form: goMarshal },
    ]
    for (const binding of bindings) {
      for (let again = 0; again < 2; again++) {
        const reply = await bindName(nodes.url, identity, binding)
        assert.ok(reply.status >= 200 && reply.status < 300, reply.text)
        assert.match(String(reply.body.fqan), new RegExp(`^[^/]+/names/${binding.name}$`))
        assert.equal(reply.body.entity_id, identity.key.agentId)
      }
    }
    assertStatus(
      await bindName(nodes.url, identity, { handle: 'names', name: 'unsigned' }, { signer: new Key('a stranger') }),
      401,
    )
    assertStatus(await bindName(nodes.url, identity, { handle: 'no-such-handle', name: 'lost' }), 404)
    const unknown = { ...identity, key: new Key('not registered') }
    assertStatus(await bindName(nodes.url, unknown, { handle: 'names', name: 'lost' }), 404)
  })

  test('Z4.3-name-post: a name that is taken by another entity of the developer is 409', async () => {
    const identity = await household('taken-names')
    const second = { ...identity, key: derive(identity.developer, 1), index: 1 }
    const fields = { ...registration(second, described('Second')), entity_name: '' }
    assertStatus(await postJson(`${nodes.url}/v1/entities`, fields), 201)
    assertStatus(await bindName(nodes.url, identity, { handle: 'taken-names', name: 'only-one' }), 201)
    assertStatus(await bindName(nodes.url, second, { handle: 'taken-names', name: 'only-one' }), 409)
  })

  test('Z4.3-name-get, Z4.3-name-put, Z4.3-name-versions: a binding, changed, with its versions', async () => {
    const identity = await household('getname')
    const first = { handle: 'getname', name: 'shown', tags: ['one'], version: '1.0.0' }
    assertStatus(await bindName(nodes.url, identity, first), 201)
    const path = '/v1/names/getname/shown'
    await everywhere(path, ({ body }) => body.entity_id === identity.key.agentId)
    const { body } = await at(path)
    assert.match(String(body.fqan), /^[^/]+\/getname\/shown$/)
    const { entity_name, developer_handle, developer_id, current_version, capability_tags } = body
    assert.deepEqual(
      { entity_name, developer_handle, developer_id, current_version, capability_tags },
      {
        entity_name: 'shown',
        developer_handle: 'getname',
        developer_id: identity.developer.developerId,
        current_version: '1.0.0',
        capability_tags: ['one'],
      },
    )
    for (const field of ['registry_host', 'registered_at', 'updated_at', 'signature']) {
      assert.equal(typeof body[field], 'string', field)
    }
    assertStatus(await bindName(nodes.url, identity, { ...first, version: '2.0.0' }, { path, method: 'PUT' }), 200)
    await everywhere(path, (reply) => reply.body.current_version === '2.0.0')
    const versions = await at(`${path}/versions`)
    assertStatus(versions, 200)
    assert.ok(Array.isArray(JSON.parse(versions.text)))
    assert.ok(versions.text.includes('2.0.0'))
    assertStatus(await at('/v1/names/getname/not-there'), 404)
  })

  test('Z4.3-name-available, Z4.3-name-delete, Z3-s11: taken, released, free', async () => {
    const identity = await household('freed')
    const bound = await bindName(nodes.url, identity, { handle: 'freed', name: 'for-a-while' })
    assertStatus(bound, 201)
    const path = '/v1/names/freed/for-a-while'
    const taken = (await at(`${path}/available`)).body
    assert.deepEqual(
      [taken.developer, taken.entity_name, taken.available, taken.existing_entity_id, typeof taken.reason],
      ['freed', 'for-a-while', false, identity.key.agentId, 'string'],
    )
    const text = `release:${String(bound.body.fqan)}`
    assertStatus(await deleteSigned(`${nodes.url}${path}`, new Key('a stranger'), text), 401)
    assertStatus(await deleteSigned(`${nodes.url}${path}`, identity.developer, text), 200)
    await everywhere(`${path}/available`, ({ body }) => body.available === true)
  })

  test('Z4.3-resolve, Z4.3-everywhere: a name leads to its entity, on every node; 404 otherwise', async () => {
    const identity = await household('resolver')
    assertStatus(await bindName(nodes.url, identity, { handle: 'resolver', name: 'found' }), 201)
    await everywhere('/v1/resolve/resolver/found', ({ status }) => status === 200)
    for (const url of nodes.urls) {
      const { body } = await at('/v1/resolve/resolver/found', url)
      assert.equal(body.entity_id, identity.key.agentId)
      assert.equal(body.developer_id, identity.developer.developerId)
      assert.equal(body.public_key, identity.key.publicText)
      for (const field of ['fqan', 'developer_handle', 'registry_host', 'version', 'entity_url', 'status']) {
        assert.equal(typeof body[field], 'string', field)
      }
      assert.ok(Array.isArray(body.protocols) && 'trust_score' in body && 'verification_tier' in body)
    }
    assertStatus(await at('/v1/resolve/resolver/lost'), 404)
  })

  test('Z4.5-name-bind: the command reads the handle of the developer and binds', async () => {
    const identity = await household('commander')
    const developer = (await getDeveloper(nodes.url, identity.developer)).body
    const handle = String(developer.dev_handle)
    const bound = await bindName(nodes.url, identity, { handle, name: 'by-command', version: '1.0.0' })
    assert.match(String(bound.body.fqan), /\/commander\/by-command$/)
  })
})

describe('names of entities', () => {
  test('Z4.1-name-bound, Z4.1-get-names, Z4.2-hit-fqan: registered with a name, it is bound and shown everywhere', async () => {
    const identity = identityOf('host-of-names')
    assertStatus(await postDeveloper(nodes.url, identity.developer, { name: 'Host' }), 201)
    assertStatus(await claimHandle(nodes.url, identity.developer, 'host-of-names'), 201)
    const agent = new TypeScriptAgent(identity, described('Wombat counter'), nodes.url)
    const reply = await agent.register()
    assertStatus(reply, 201)
    assert.match(String(reply.body.fqan), /^[^/]+\/host-of-names\/wombat-counter$/)
    const isNamed = ({ body }: Reply): boolean =>
      body.fqan === reply.body.fqan && body.developer_handle === 'host-of-names'
    await nodes.everywhere('named', agent.id, isNamed)
    for (const fields of [
      { fqan: agent.id, max_results: 1 },
      { query: agent.id, max_results: 1 },
    ]) {
      const [hit] = listOf((await postJson(`${nodes.url}/v1/search`, fields)).body.results)
      assert.equal(hit?.fqan, reply.body.fqan)
    }
    const byHandle = await postJson(`${nodes.url}/v1/search`, { developer_handle: 'host-of-names', status: 'any' })
    assert.equal(listOf(byHandle.body.results)[0]?.entity_id, agent.id, byHandle.text)
  })

  test('Z4.1-name-effort: a name that is none is not bound, and the entity is registered all the same', async () => {
    const { developer } = await household('effort')
    for (const [at, entity_name] of ['3d-printer', 'ab', '', 'ends-', 'a--b', 'UPPER'].entries()) {
      const identity: Identity = { type: 'agent', developer, index: at + 1, key: derive(developer, at + 1) }
      const fields = registration(identity, described(`Effort ${at}`), {
        entity_name,
        developer_proof: proofOf(developer, identity.key, at + 1),
      })
      const reply = await postJson(`${nodes.url}/v1/entities`, fields)
      assertStatus(reply, 201)
      assert.equal(reply.body.fqan, undefined)
      if (entity_name !== '') assert.equal(typeof reply.body.name_error, 'string', entity_name)
    }
  })

  test('Z1-fqan, Z4.2-fqan, Z4.2-exact-status: every spelling of a full name finds its entity, whatever its status', async () => {
    const identity = await household('speller')
    const bound = await bindName(nodes.url, identity, { handle: 'speller', name: 'stocks', version: '1.2.0' })
    assertStatus(bound, 201)
    const full = String(bound.body.fqan)
    const spellings = [
      full,
      `zns://${full}`,
      `agdns://${full}`,
      `zns://${full}@1.2.0`,
      `zns://${full}@1.2.0#quotes`,
      `${full}#quotes`,
      'speller/stocks',
      '@speller/stocks',
      'stocks.speller.zynd',
    ]
    await everywhere('/v1/resolve/speller/stocks', ({ status }) => status === 200)
    for (const url of nodes.urls) {
      for (const fqan of spellings) {
        const { body } = await postJson(`${url}/v1/search`, { fqan, max_results: 1 })
        assert.deepEqual(
          listOf(body.results).map((hit) => hit.entity_id),
          [identity.key.agentId],
          fqan,
        )
      }
      const { body } = await postJson(`${url}/v1/search`, { fqan: 'speller/other', max_results: 1 })
      assert.deepEqual(body.results, [])
    }
  })
})

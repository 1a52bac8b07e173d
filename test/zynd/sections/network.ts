/** The node and the network, as clients and the dashboard ask for them (docs/zynd-wire.md, sections 4.4, 7 and 10). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../e2e/support/wait.ts'
import { deregister } from '../support/cli.ts'
import { fetchCall, JSON_TYPE, listOf, objectOf, type Reply } from '../support/http.ts'
import { describe as described, identityOf } from '../support/sdk.ts'
import { nodes } from '../support/shared.ts'
import { RawSocket } from '../support/socket.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

const read = async (path: string, url = nodes.url): Promise<Record<string, unknown>> => {
  const reply = await fetchCall(`${url}${path}`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body
}
const assertNumbers = (body: Record<string, unknown>, fields: readonly string[]): void => {
  for (const field of fields) assert.equal(typeof body[field], 'number', field)
}
const assertTexts = (body: Record<string, unknown>, fields: readonly string[], about = ''): void => {
  for (const field of fields) assert.ok(typeof body[field] === 'string' && body[field] !== '', `${field} ${about}`)
}

describe('section 4.4', () => {
  test('Z4.4-health: ok', async () => {
    for (const url of nodes.urls) assert.equal((await read('/health', url)).status, 'ok')
  })

  test('Z4.4-info: what the login and the documentation read', async () => {
    const body = await read('/v1/info')
    assertTexts(body, ['registry_id', 'name', 'version', 'onboarding_mode'])
    assertNumbers(body, ['entity_count', 'peer_count'])
    assert.ok(['open', 'restricted'].includes(String(objectOf(body.developer_onboarding).mode)))
    assert.equal(objectOf(body.developer_onboarding).mode, body.onboarding_mode)
  })

  test('Z4.4-status: the node', async () => {
    const body = await read('/v1/network/status')
    assertTexts(body, ['registry_id', 'name', 'version', 'uptime', 'node_type'])
    assertNumbers(body, ['peer_count', 'local_agents', 'gossip_entries', 'cached_cards'])
    assert.equal(body.peer_count, 2)
  })

  test('Z4.4-stats: the network', async () => {
    const body = await read('/v1/network/stats')
    const hourly = ['gossip_messages_per_hour', 'searches_per_hour']
    assertNumbers(body, ['estimated_registries', 'estimated_agents', 'mesh_connectivity', ...hourly])
    assert.equal(body.estimated_registries, 3)
  })

  test('Z4.4-peers: the other nodes', async () => {
    const peers = listOf((await read('/v1/network/peers')).peers)
    assert.equal(peers.length, 2)
    for (const peer of peers) {
      assertTexts(peer, ['registry_id', 'name', 'address', 'public_key', 'last_seen'])
      assertNumbers(peer, ['agent_count'])
      assert.match(String(peer.registry_id), /^zns:registry:[0-9a-f]{32}$/)
      assert.ok('latency_ms' in peer)
    }
    assert.deepEqual(peers.map(({ address }) => address).sort(), [...nodes.urls.slice(1)].sort())
  })

  test('Z4.4-peers-post: nobody adds a peer', async () => {
    const body = JSON.stringify({ address: 'evil.example:4001' })
    const reply = await fetchCall(`${nodes.url}/v1/network/peers`, { method: 'POST', body, headers: JSON_TYPE })
    assert.ok(reply.status >= 400 && reply.status < 500, reply.text)
    assert.equal(listOf((await read('/v1/network/peers')).peers).length, 2)
  })

  test('Z4.4-metrics: Prometheus can read them', async () => {
    const reply = await fetchCall(`${nodes.url}/metrics`)
    assert.equal(reply.status, 200)
    assert.match(reply.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
    assert.match(reply.text, /^# TYPE rollcall_entities gauge$/m)
  })
})

describe('section 7', () => {
  const follow = (url: string): Promise<RawSocket> => RawSocket.open(`${url}/v1/ws/activity`)

  test('Z7-connected, Z7-shape, Z7-types, Z7-data, Z7-one-way: the life of an entity, told on every node', async () => {
    const feeds = await Promise.all(nodes.urls.map(follow))
    for (const [at, feed] of feeds.entries()) {
      const { type, timestamp, data } = await feed.next()
      assert.equal(type, 'connected')
      assert.ok(!Number.isNaN(Date.parse(String(timestamp))))
      assertTexts(objectOf(data), ['registry_id', 'message'])
      assert.equal(objectOf(data).registry_id, (await read('/v1/info', nodes.urlOf(at))).registry_id)
      feed.send('anything')
      feed.send({ type: 'heartbeat' })
    }
    const agent = new TypeScriptAgent(identityOf('in the news'), described('in-the-news'), nodes.url)
    const told = (type: string): Promise<unknown> =>
      until(20_000, `${type} on every node`, async () =>
        feeds.every((feed) =>
          feed.frames.some((frame) => frame.type === type && objectOf(frame.data).entity_id === agent.id),
        ),
      )
    await agent.start()
    await told('entity_registered')
    await told('entity_became_active')
    agent.stop()
    await told('entity_became_inactive')
    assert.equal((await deregister(nodes.url, agent.identity, agent.identity.key)).status, 200)
    await told('entity_deregistered')
    for (const feed of feeds) {
      const isMine = ({ type, data }: Record<string, unknown>): boolean =>
        String(type).startsWith('entity_') && objectOf(data).entity_id === agent.id
      const mine = feed.frames.filter(isMine)
      for (const { type, timestamp, data } of mine) {
        assert.match(String(timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
        // A tombstone no longer says how its entity was called.
        const more = { entity_deregistered: [], entity_heartbeat: ['status'] }[String(type)] ?? [
          'name',
          'category',
          'status',
        ]
        assertTexts(objectOf(data), ['entity_id', ...more], JSON.stringify(data))
      }
      assert.ok(feed.isOpen)
      feed.end()
    }
  })
})

describe('section 7, beside the life of entities', () => {
  test('Z7-other-types: beats, gossip and searches are told where they happen', async () => {
    const [here, there] = await Promise.all([0, 1].map((at) => RawSocket.open(`${nodes.urlOf(at)}/v1/ws/activity`)))
    assert.ok(here !== undefined && there !== undefined)
    const agent = new TypeScriptAgent(identityOf('in the activity'), described('in-the-activity'), nodes.urlOf(0))
    await agent.start()
    const query = JSON.stringify({ query: 'in-the-activity' })
    await fetchCall(`${nodes.urlOf(0)}/v1/search`, { method: 'POST', body: query, headers: JSON_TYPE })
    const told = (feed: RawSocket, type: string, data: Record<string, unknown>): Promise<unknown> =>
      until(10_000, `${type} with ${JSON.stringify(data)}`, async () =>
        feed.frames.some((frame) => {
          const said = objectOf(frame.data)
          return frame.type === type && Object.entries(data).every(([field, value]) => said[field] === value)
        }),
      )
    await told(here, 'entity_heartbeat', { entity_id: agent.id, status: 'active' })
    await told(here, 'search_outgoing', { query: 'in-the-activity', direction: 'outgoing' })
    const home = (await read('/v1/info', nodes.urlOf(0))).registry_id
    const carried = { entity_id: agent.id, name: 'in-the-activity', action: 'active', home_registry: home }
    await told(here, 'gossip_outgoing', { ...carried, hop_count: 0, direction: 'outgoing' })
    await told(there, 'gossip_incoming', { ...carried, hop_count: 1, direction: 'incoming' })
    agent.stop()
    for (const feed of [here, there]) feed.end()
  })
})

describe('section 10', () => {
  test('Z10-cors: a page of any origin may call', async () => {
    const origin = { Origin: 'https://dashboard.example' }
    const preflight = await fetchCall(`${nodes.url}/v1/entities`, {
      method: 'OPTIONS',
      headers: {
        ...origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'authorization,content-type',
      },
    })
    assert.equal(preflight.status, 204)
    const allowed = (name: string): string => preflight.headers.get(`access-control-allow-${name}`) ?? ''
    for (const method of ['GET', 'POST', 'PUT', 'DELETE']) assert.ok(allowed('methods').includes(method), method)
    for (const header of ['content-type', 'authorization']) assert.ok(allowed('headers').toLowerCase().includes(header))
    const paths = ['/v1/info', '/v1/entities?limit=500', '/v1/entities/zns:none', '/v1/categories']
    const replies: Reply[] = await Promise.all(
      paths.map((path) => fetchCall(`${nodes.url}${path}`, { headers: origin })),
    )
    for (const { headers } of [preflight, ...replies]) assert.equal(headers.get('access-control-allow-origin'), '*')
  })
})

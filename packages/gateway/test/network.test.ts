import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '@rollcall/testkit'
import { ClusterNodeSchema } from '../src/views/schemas.ts'
import { assertConforms } from './support/conforms.ts'
import { postJson, startGateway } from './support/harness.ts'
import { NODE, OTHER_NODE, WALL_MS } from './support/scripted-registry.ts'

test('GET /v1/cluster shows every node and whether all hold the same', async (t) => {
  const { url } = await startGateway(t)
  const body = await (await fetch(`${url}/v1/cluster`)).json()
  assert.equal(body.converged, true)
  assert.equal(body.node_id, NODE)
  assert.deepEqual(
    body.nodes.map((node: { node_id: string }) => node.node_id),
    [NODE, OTHER_NODE],
  )
  for (const node of body.nodes) assertConforms(ClusterNodeSchema, node)
  assert.deepEqual(body.nodes[0].entities, { active: 1, inactive: 2, tombstones: 3, graves: 4 })
})

test('info and the network pages have the shapes Zynd reads (zynd-wire §4.4)', async (t) => {
  const clock = new ManualClock(WALL_MS)
  const { url, registry } = await startGateway(t, {}, { clock })
  const read = async (path: string) => (await fetch(url + path)).json()
  const info = await read('/v1/info')
  assert.match(info.registry_id, /^zns:registry:[0-9a-f]{32}$/)
  assert.deepEqual([info.name, info.version, info.onboarding_mode], ['node-a', '0.1.0', 'restricted'])
  assert.deepEqual([info.entity_count, info.peer_count], [3, 1])
  assert.deepEqual(await read('/v1/network/status'), {
    registry_id: info.registry_id,
    name: 'node-a',
    version: '0.1.0',
    uptime: '90s',
    peer_count: 1,
    local_agents: 3,
    gossip_entries: 10,
    cached_cards: 0,
    node_type: 'full',
  })
  await postJson(`${url}/v1/search`, {})
  registry.emit({ cursor: '1', type: 'active', atMs: WALL_MS })
  const stats = { estimated_registries: 2, estimated_agents: 3, mesh_connectivity: 1 }
  assert.deepEqual(await read('/v1/network/stats'), { ...stats, gossip_messages_per_hour: 1, searches_per_hour: 1 })
  clock.advance(3_600_000)
  assert.deepEqual(await read('/v1/network/stats'), { ...stats, gossip_messages_per_hour: 0, searches_per_hour: 0 })
  const { peers } = await read('/v1/network/peers')
  assert.equal(peers.length, 1)
  assert.deepEqual([peers[0].node_id, peers[0].name, peers[0].agent_count], [OTHER_NODE, 'node-b', 3])
  assert.match(peers[0].public_key, /^ed25519:/)
})

test('every route is in the OpenAPI description, and its references lead somewhere', async (t) => {
  const { gateway } = await startGateway(t)
  const response = await gateway.inject('/openapi.json')
  assert.equal(response.statusCode, 200)
  const document = response.json()
  assert.match(document.openapi, /^3\.1/)
  // Which paths there are, docs/openapi.json says, and a test beside the documents holds it to the code.
  for (const path of ['/health', '/v1/entities/{id}', '/v1/entities/{id}/card', '/v1/session', '/onboard']) {
    assert.ok(path in document.paths, path)
  }
  assert.deepEqual(Object.keys(document.paths['/v1/entities/{id}']).sort(), ['delete', 'get', 'put'])
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = '']) => reference)
  assert.ok(references.length > 0)
  for (const reference of new Set(references)) {
    const found = reference
      .slice(2)
      .split('/')
      .reduce((node, key) => node?.[key], document)
    assert.ok(found !== undefined, reference)
  }
  for (const [path, methods] of Object.entries<Record<string, { summary?: string }>>(document.paths)) {
    for (const [method, { summary }] of Object.entries(methods)) assert.ok(summary, `${method} ${path}`)
  }
})

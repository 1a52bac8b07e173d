import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AuditReport } from '@rollcall/core'
import { fail, ok } from '@rollcall/protocol'
import { postJson, startGateway } from './support/harness.ts'
import { NODE, OTHER_NODE, stampAt, WALL_MS } from './support/scripted-registry.ts'
import { until } from './support/within.ts'

const link = (number: number) => ({
  number,
  previous: new Uint8Array(32).fill(number - 1),
  hash: new Uint8Array(32).fill(number),
  fact: {
    atMs: WALL_MS + number,
    kind: 'active',
    subject: 'zns:1',
    from: 'inactive',
    to: 'active',
    reason: 'beat',
    attendant: NODE,
    stamp: number === 2 ? undefined : stampAt(WALL_MS),
  },
})

test('A1 the audit chain is read in pages', async (t) => {
  const { registry, url } = await startGateway(t)
  registry.links = [1, 2, 3].map(link)
  const first = await (await fetch(`${url}/v1/audit?limit=2`)).json()
  assert.equal(first.node_id, NODE)
  assert.equal(first.next_after, 2)
  assert.deepEqual(first.links[0], {
    number: 1,
    previous: '00'.repeat(32),
    hash: '01'.repeat(32),
    at: new Date(WALL_MS + 1).toISOString(),
    kind: 'active',
    subject: 'zns:1',
    from: 'inactive',
    to: 'active',
    reason: 'beat',
    attendant: NODE,
    stamp: `${WALL_MS}.0.${NODE}`,
  })
  assert.equal(first.links[1].stamp, null)
  const rest = await (await fetch(`${url}/v1/audit?after=${first.next_after}&limit=2`)).json()
  assert.deepEqual([rest.links.length, rest.links[0].number, 'next_after' in rest], [1, 3, false])
  assert.equal((await fetch(`${url}/v1/audit?after=-1`)).status, 422)
})

test('A1 a verification is walked once for all who ask meanwhile, and says where the chain breaks', async (t) => {
  const { registry, gateway, url } = await startGateway(t)
  let finish = (_: AuditReport): void => {}
  registry.onVerify = () =>
    new Promise((resolve) => {
      finish = resolve
    })
  const asked = [1, 2, 3].map(() => gateway.inject('/v1/audit/verify'))
  await until('the walk', () => registry.verifications === 1)
  await gateway.inject('/health')
  assert.equal(registry.verifications, 1)
  finish({ result: 'broken', length: 9, oldest: 1, firstBrokenId: 4, reason: 'it was changed', witnesses: [] })
  for (const response of await Promise.all(asked)) {
    assert.deepEqual(response.json(), {
      node_id: NODE,
      ok: false,
      result: 'broken',
      length: 9,
      oldest: 1,
      reason: 'it was changed',
      witnesses: [],
      first_broken_id: 4,
    })
  }
  registry.onVerify = async () => ({ result: 'ok', length: 9, oldest: 1, witnesses: [OTHER_NODE] })
  assert.equal((await (await fetch(`${url}/v1/audit/verify`)).json()).ok, true)
  assert.equal(registry.verifications, 2)
})

test('an admin drains a node; nobody else does', async (t) => {
  let drained = 0
  const change = { drain: () => void drained++, adminAllowed: (token: string) => token === 'let-me-in' }
  const { url } = await startGateway(t, {}, change)
  const drain = (authorization?: string) =>
    fetch(`${url}/v1/admin/drain`, { method: 'POST', headers: authorization === undefined ? {} : { authorization } })
  assert.equal((await drain()).status, 401)
  assert.equal((await drain('Bearer guess')).status, 403)
  assert.equal(drained, 0)
  const response = await drain('Bearer let-me-in')
  assert.equal(response.status, 200)
  assert.equal((await response.json()).node_id, NODE)
  assert.equal(drained, 1)
  const without = await startGateway(t)
  const headers = { authorization: 'Bearer let-me-in' }
  assert.equal((await fetch(`${without.url}/v1/admin/drain`, { method: 'POST', headers })).status, 404)
})

test('an admin has a node dial another one; nobody else does', async (t) => {
  const dialled: string[] = []
  const addPeer = (address: string) => {
    if (!address.includes('/p2p/')) return fail('validation_failed', 'address bears no id', { field: 'address' })
    dialled.push(address)
    return ok(OTHER_NODE)
  }
  const { url } = await startGateway(t, {}, { addPeer, adminAllowed: (token) => token === 'let-me-in' })
  const address = `/ip4/10.0.0.2/tcp/9001/ws/p2p/${OTHER_NODE}`
  const post = (body: unknown, token?: string) =>
    postJson(`${url}/v1/network/peers`, body, token === undefined ? {} : { authorization: `Bearer ${token}` })
  assert.equal((await post({ address })).status, 401)
  assert.equal((await post({ address }, 'guess')).status, 403)
  assert.equal((await post({ address: 'b' }, 'let-me-in')).status, 422)
  assert.deepEqual(dialled, [])
  const response = await post({ address }, 'let-me-in')
  assert.equal(response.status, 201)
  const { node_id, address: said } = await response.json()
  assert.deepEqual([node_id, said, dialled], [OTHER_NODE, address, [address]])
})

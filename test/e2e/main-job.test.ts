import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { Cluster } from './support/node-process.ts'
import { until, within } from './support/wait.ts'
import { call, search, ZyndAgent } from './support/zynd-agent.ts'

let cluster: Cluster

before(async () => {
  cluster = await Cluster.start(3)
})

after(() => cluster?.stop())

const urls = (): string[] => cluster.nodes.map((node) => node.url)

const everywhere = (ms: number, what: string, holds: (url: string) => Promise<boolean>): Promise<{ tookMs: number }> =>
  until(ms, what, async () => (await Promise.all(urls().map(holds))).every(Boolean))

test('S3: three processes find each other and agree', async () => {
  await everywhere(20_000, 'converged', async (url) => {
    const { body } = await call(`${url}/v1/cluster`)
    return body.converged === true && Array.isArray(body.nodes) && body.nodes.length === 3
  })
})

test('L1, L7, T1, T3, F4: one entity through its whole life, on three processes', async (t) => {
  const [a, b, c] = urls()
  assert.ok(a && b && c)
  const agent = new ZyndAgent('main-job')

  const registered = await agent.register(a)
  assert.equal(registered.status, 201, JSON.stringify(registered.body))
  assert.equal(registered.body.entity_id, agent.id)
  const known = await everywhere(1_000, 'inactive everywhere', async (url) => (await agent.status(url)) === 'inactive')
  t.diagnostic(`registered everywhere after ${known.tookMs.toFixed(0)} ms`)
  assert.equal((await agent.register(b)).status, 409)

  const socket = await agent.connect(b)
  socket.send(agent.frame())
  const active = await everywhere(1_000, 'active and found everywhere', async (url) => {
    return (await agent.status(url)) === 'active' && (await search(url, { query: 'main-job' })).includes(agent.id)
  })
  t.diagnostic(`active and found everywhere after ${active.tookMs.toFixed(0)} ms`)

  const firstGone = await until(13_000, 'inactive somewhere', async () => {
    const statuses = await Promise.all(urls().map((url) => agent.status(url)))
    return statuses.includes('inactive')
  })
  assert.ok(firstGone.tookMs > 8_000, `inactive after only ${firstGone.tookMs} ms`)
  await everywhere(1_000, 'inactive everywhere', async (url) => {
    const found = await search(url, { query: 'main-job' })
    const any = await search(url, { query: 'main-job', status: 'any' })
    return (await agent.status(url)) === 'inactive' && !found.includes(agent.id) && any.includes(agent.id)
  })

  const second = await agent.connect(c)
  second.send(agent.frame())
  await everywhere(1_000, 'revived everywhere', async (url) => (await agent.status(url)) === 'active')

  const closed = once(second, 'close')
  assert.equal((await agent.deregister(a)).status, 200)
  await everywhere(1_000, 'gone everywhere', async (url) => {
    return (await agent.status(url)) === 404 && (await search(url, { query: 'main-job', status: 'any' })).length === 0
  })
  const [code] = await within(2_000, 'close of the socket', closed)
  assert.equal(code, 4410)

  await everywhere(15_000, 'a grave everywhere', async (url) => {
    const { body } = await call(`${url}/v1/cluster`)
    const nodes: { self?: boolean; entities?: { graves?: number; tombstones?: number } }[] = Array.isArray(body.nodes)
      ? body.nodes
      : []
    const self = nodes.find((node) => node.self)
    return self?.entities?.graves === 1 && self.entities.tombstones === 0
  })
  assert.equal((await agent.register(b)).status, 201)
  await everywhere(1_000, 'registered again', async (url) => (await agent.status(url)) === 'inactive')
  socket.close()
})

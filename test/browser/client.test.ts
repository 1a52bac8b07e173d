/** The client in Chromium against node processes: what a web page can do that a program on Node can. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type * as client from '@rollcall/client'
import { Cluster } from '../e2e/support/node-process.ts'
import { until } from '../e2e/support/wait.ts'
import { browserMissing, type ClientPage, openClientPage } from './page.ts'

/** What the page's script left behind, and what the tests keep there between their steps. */
interface PageGlobals {
  rollcall: typeof client
  agent: { client: client.RollcallClient; session: client.HeartbeatSession; acks: string[] }
  transitions: string[]
  endWatch: AbortController
}

const skip = browserMissing ?? false
let cluster: Cluster
let opened: ClientPage

before(async () => {
  if (skip !== false) return
  cluster = await Cluster.start(2)
  opened = await openClientPage()
})

after(async () => {
  if (skip !== false) return
  await opened?.close()
  await cluster.stop()
})

const statusAt = async (url: string, id: string): Promise<string> => {
  const answer = await fetch(`${url}/v1/entities/${id}?consistency=local`)
  return ((await answer.json()) as { status: string }).status
}

test('in Chromium an agent registers, beats, is active on another node, and its goodbye is watched', {
  skip,
}, async () => {
  const { page } = opened
  const [a = '', b = ''] = cluster.nodes.map((node) => node.url)
  await page.evaluate((registry) => {
    const scope = globalThis as unknown as PageGlobals
    scope.transitions = []
    scope.endWatch = new AbortController()
    const watcher = new scope.rollcall.RollcallClient({ registries: [registry] })
    void (async () => {
      const { signal } = scope.endWatch
      for await (const event of watcher.watch({ signal })) scope.transitions.push(`${event.type} ${event.entity_id}`)
    })()
  }, b)
  const id = await page.evaluate(
    async (registries) => {
      const scope = globalThis as unknown as PageGlobals
      const { RollcallClient, HeartbeatSession, generateSeed, nobleSigner } = scope.rollcall
      const signer = nobleSigner(generateSeed())
      const agent = new RollcallClient({ registries, signer })
      const { entity, outcome } = await agent.ensure({ name: 'page-agent', entity_url: 'https://example.org/agent' })
      if (outcome !== 'registered') throw new Error(`it was ${outcome}`)
      const session = new HeartbeatSession({ registries, entities: [{ signer }] })
      const acks: string[] = []
      session.on('acked', (event) => acks.push(event.status))
      session.start()
      scope.agent = { client: agent, session, acks }
      return entity.entity_id
    },
    [a],
  )
  const told = (event: string): Promise<boolean> =>
    page.evaluate((wanted) => (globalThis as unknown as PageGlobals).transitions.includes(wanted), `${event} ${id}`)
  await until(10_000, 'active on the other node', async () => (await statusAt(b, id)) === 'active')
  await until(10_000, 'the activation is watched', () => told('active'))
  await until(10_000, 'three acknowledged beats', async () => {
    const acks = await page.evaluate(() => (globalThis as unknown as PageGlobals).agent.acks)
    return acks.length >= 3 && acks.every((status) => status === 'active')
  })
  const found = await page.evaluate(async (registry) => {
    const { RollcallClient } = (globalThis as unknown as PageGlobals).rollcall
    const names: unknown[] = []
    for await (const hit of new RollcallClient({ registries: [registry] }).searchAll({ query: 'page agent' }))
      names.push(hit.name)
    return names
  }, b)
  assert.deepEqual(found, ['page-agent'])
  await page.evaluate(() => (globalThis as unknown as PageGlobals).agent.session.stop({ goodbye: true }))
  await until(10_000, 'inactive on the other node', async () => (await statusAt(b, id)) === 'inactive')
  await until(10_000, 'the goodbye is watched', () => told('inactive'))
  await page.evaluate(() => (globalThis as unknown as PageGlobals).endWatch.abort())
  assert.deepEqual(opened.complaints, [])
})

test('in Chromium a refusal is the typed error of the table', { skip }, async () => {
  const refused = await opened.page.evaluate(async (registry) => {
    const { RollcallClient, RollcallError } = (globalThis as unknown as PageGlobals).rollcall
    try {
      await new RollcallClient({ registries: [registry] }).get(`zns:${'0'.repeat(32)}`)
      return []
    } catch (error) {
      return error instanceof RollcallError ? [error.code, error.http, error.retryable] : [String(error)]
    }
  }, cluster.node(0).url)
  assert.deepEqual(refused, ['entity_not_found', 404, false])
})

/** Agent cards: what clients ask of a node, and how a node asks the agent (docs/zynd-wire.md, sections 4.1, 4.6 and 8). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { until } from '../../e2e/support/wait.ts'
import { AgentServer, type CardOptions, cardText, type Manner } from '../support/agent-server.ts'
import { printInfo } from '../support/cli.ts'
import { fetchCall, listOf, objectOf, postJson, type Reply } from '../support/http.ts'
import { Key } from '../support/keys.ts'
import { describe as described, identityOf } from '../support/sdk.ts'
import { nodes } from '../support/shared.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

const CARD = '/.well-known/agent-card.json'
/** Of the shared nodes, in milliseconds: after it a card is read anew. */
const MAX_AGE_MS = 1_000

interface Host {
  readonly agent: TypeScriptAgent
  readonly server: AgentServer
  card(url?: string): Promise<Reply>
  serve(path: string, manner?: Manner, options?: CardOptions): void
}

/** A registered agent with a server of its own, gone when the test ends. */
const host = async (
  t: { after: (end: () => Promise<void>) => void },
  name: string,
  { path = '', type = 'agent' as 'agent' | 'service' } = {},
): Promise<Host> => {
  const server = await AgentServer.start()
  t.after(() => server.stop())
  const about = described(name, { entity_url: `${server.url}${path}` })
  const agent = new TypeScriptAgent(identityOf(name, type), about, nodes.url)
  const reply = await agent.register()
  assert.equal(reply.status, 201, reply.text)
  return {
    agent,
    server,
    card: (url = nodes.url) => fetchCall(`${url}/v1/entities/${encodeURIComponent(agent.id)}/card`),
    serve: (at, manner = 'typescript', options = {}) => {
      server.pages.set(at, () => cardText(agent.identity, server.url, manner, options))
    },
  }
}

describe('section 8 and the cards of 4.1', () => {
  for (const manner of ['typescript', 'python'] as const) {
    test(`Z4.1-card, Z8-shape, Z8-verify, Z3-s13, Z2-card-numbers: a card of ${manner}, word for word, from every node`, async (t) => {
      const { agent, server, card, serve } = await host(t, `card ${manner}`)
      let served = ''
      serve(CARD, manner)
      const make = server.pages.get(CARD)
      server.pages.set(CARD, () => {
        served = make?.() ?? ''
        return served
      })
      await nodes.everywhere('known', agent.id, ({ status }) => status === 200)
      for (const url of nodes.urls) {
        const reply = await card(url)
        assert.equal(reply.status, 200, reply.text)
        assert.equal(reply.text, served)
        assert.equal(reply.headers.get('x-card-signature'), 'verified')
        assert.equal(objectOf(reply.body['x-zynd']).entityId, agent.id)
      }
    })
  }

  test('Z8-places, Z8-headers: three places in this order, the first 200 wins; a URL of a card is taken as it is', async (t) => {
    const last = await host(t, 'last place')
    last.serve('/.well-known/agent.json')
    assert.equal((await last.card()).status, 200)
    assert.deepEqual(last.server.asked, [CARD, '/.well-known/zynd-agent.json', '/.well-known/agent.json'])
    assert.match(last.server.lastHeaders.accept ?? '', /json/)
    assert.match(last.server.lastHeaders['user-agent'] ?? '', /rollcall/)
    for (const path of ['/my/card.json', '/.well-known/other']) {
      const verbatim = await host(t, `verbatim ${path}`, { path })
      verbatim.serve(path)
      assert.equal((await verbatim.card()).status, 200)
      assert.deepEqual(verbatim.server.asked, [path])
    }
  })

  test('Z4.1-card-none, Z4.6-get-agent: without a card it is 404, and the entity shows where to ask', async (t) => {
    const { agent, card, server } = await host(t, 'no card')
    const reply = await card()
    assert.deepEqual([reply.status, typeof reply.body.message], [404, 'string'])
    const unreachable = new TypeScriptAgent(
      identityOf('unreachable'),
      described('unreachable', { entity_url: 'http://127.0.0.1:1' }),
      nodes.url,
    )
    assert.equal((await unreachable.register()).status, 201)
    assert.equal((await fetchCall(`${unreachable.entityUrl}/card`)).status, 404)
    assert.equal((await fetchCall(`${nodes.url}/v1/entities/${new Key('nobody').agentId}/card`)).status, 404)
    const shown = (await nodes.get(agent.id)).body
    assert.deepEqual([shown.entity_url, shown.url], [server.url, server.url])
    assert.equal((await printInfo(nodes.url, agent.id)).hasCard, false)
  })

  test('Z4.6-reply: the entity that asked shows the URL to which a reply goes', async (t) => {
    const { agent, server } = await host(t, 'asks')
    for (const url of nodes.urls) {
      await nodes.everywhere('known', agent.id, ({ status }) => status === 200)
      assert.equal((await nodes.get(agent.id, url)).body.url, server.url)
    }
  })

  test('Z4.1-card-cached, Z8-changing: read anew when it is old, kept when the agent is away, and no change of the entity', async (t) => {
    const { agent, card, serve, server } = await host(t, 'changing')
    serve(CARD)
    const beforeReading = (await nodes.get(agent.id)).body.stamp
    const first = await card()
    const later = await until(5 * MAX_AGE_MS, 'another reading', async () => {
      const reply = await card()
      return reply.text !== first.text && reply
    })
    assert.equal(later.value.status, 200)
    assert.equal((await nodes.get(agent.id)).body.stamp, beforeReading)
    server.pages.clear()
    await until(5 * MAX_AGE_MS, 'shown although it is old', async () => {
      const reply = await card()
      assert.equal(reply.status, 200)
      return reply.headers.get('x-card-stale') === 'true'
    })
    await server.stop()
    assert.equal((await card()).status, 200)
    assert.equal((await printInfo(nodes.url, agent.id)).hasCard, true)
  })

  test('Z8-verify: what another signed, what was changed and what names another entity is not passed on', async (t) => {
    const other = identityOf('another')
    const wrong: Readonly<Record<string, CardOptions>> = {
      'changed afterwards': { alter: (text) => text.replace('Serves its card.', 'Serves another card.') },
      'another id': { zynd: { entityId: other.key.agentId } },
      'another key': { zynd: { publicKey: other.key.publicText } },
    }
    for (const [label, options] of Object.entries(wrong)) {
      const { card, serve } = await host(t, `wrong ${label}`)
      serve(CARD, 'python', options)
      const reply = await card()
      assert.ok(reply.status >= 400 && reply.status < 500, `${label}: ${reply.status} ${reply.text}`)
    }
    const { card, server } = await host(t, 'signed by another')
    server.pages.set(CARD, () => cardText(other, server.url, 'typescript'))
    assert.equal((await card()).status >= 400, true)
  })

  test('Z8-caps: a card beyond the cap is refused, not cut', async (t) => {
    const { card, serve } = await host(t, 'large')
    serve(CARD, 'typescript', { fields: { description: 'x'.repeat(70_000) } })
    const reply = await card()
    assert.ok(reply.status >= 400 && reply.status < 500, reply.text)
  })

  test('Z4.2-enrich: a search with enrich attaches the cards that are known', async (t) => {
    const { agent, card, serve } = await host(t, 'enriched bandicoot')
    serve(CARD)
    agent.beat()
    await nodes.status(agent.id, 'active')
    assert.equal((await card()).status, 200)
    const search = async (enrich: boolean): Promise<Record<string, unknown> | undefined> => {
      const { body } = await postJson(`${nodes.url}/v1/search`, { query: 'bandicoot', enrich })
      return listOf(body.results)[0]
    }
    assert.equal((await search(false))?.card, undefined)
    const enriched = objectOf((await search(true))?.card)
    assert.equal(objectOf(enriched['x-zynd']).entityId, agent.id)
    agent.stop()
  })

  test('Z4.1-card, Z8-verify: `card build` names a service by the id of an agent, and its card is taken', async (t) => {
    const { agent, card, serve } = await host(t, 'built', { type: 'service' })
    serve(CARD, 'typescript', { zynd: { entityId: agent.identity.key.agentId } })
    assert.equal((await card()).status, 200)
  })
})

/** The client against node processes: writes with failover, and sessions that outlive their nodes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { after, before, test } from 'node:test'
import {
  describeEvent,
  type Fetch,
  generateSeed,
  HEARTBEAT_BACKOFF,
  HeartbeatSession,
  nobleSigner,
  RollcallClient,
  RollcallError,
  type SessionEvent,
  systemClock,
} from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { type EntityId, entityIdOf, type Signer } from '@rollcall/protocol'
import { Cluster, type NodeProcess } from './support/node-process.ts'
import { until } from './support/wait.ts'

/** A port of which nobody answers: what connects is refused. */
const NOWHERE = 'http://127.0.0.1:9'

let cluster: Cluster

before(async () => {
  cluster = await Cluster.start(3)
})

after(() => cluster.stop())

const urls = (): string[] => cluster.nodes.map((node) => node.url)

interface Agent {
  readonly signer: Signer
  readonly id: EntityId
  readonly client: RollcallClient
}

const agentAt = (registries: readonly string[], fetch?: Fetch): Agent => {
  const signer = nobleSigner(generateSeed())
  const client = new RollcallClient({ registries, signer, ...(fetch === undefined ? {} : { fetch }) })
  return { signer, id: entityIdOf('agent', signer.publicKey), client }
}

const registered = async (name: string, registries: readonly string[] = urls()): Promise<Agent> => {
  const agent = agentAt(registries)
  await agent.client.register({ name, entity_url: 'http://127.0.0.1:5000' })
  return agent
}

/** A session, and everything it told. */
class Watched {
  readonly events: SessionEvent[] = []
  readonly session: HeartbeatSession

  constructor(agent: Agent, registries: readonly string[], options: { readonly wallOffsetMs?: number } = {}) {
    const { wallOffsetMs = 0 } = options
    this.session = new HeartbeatSession({
      registries,
      entities: [{ signer: agent.signer }],
      WebSocket: nodeWebSocket,
      clock: { ...systemClock, wallMs: () => Date.now() + wallOffsetMs },
    })
    for (const kind of ['connected', 'acked', 'error', 'moved', 'closed', 'stopped'] as const) {
      this.session.on(kind, (event) => this.events.push(event))
    }
    this.session.start()
  }

  of<K extends SessionEvent['kind']>(kind: K): readonly Extract<SessionEvent, { readonly kind: K }>[] {
    return this.events.filter((event): event is Extract<SessionEvent, { readonly kind: K }> => event.kind === kind)
  }

  /** The node of the newest connection. */
  get url(): string {
    return this.of('connected').at(-1)?.url ?? ''
  }

  /** The first event of this kind, which may have come already. */
  first<K extends SessionEvent['kind']>(kind: K): Promise<Extract<SessionEvent, { readonly kind: K }>> {
    return this.#at(kind, 0, 10_000)
  }

  /** The next event of this kind from now on. */
  next<K extends SessionEvent['kind']>(kind: K, ms = 10_000): Promise<Extract<SessionEvent, { readonly kind: K }>> {
    return this.#at(kind, this.of(kind).length, ms)
  }

  async #at<K extends SessionEvent['kind']>(
    kind: K,
    index: number,
    ms: number,
  ): Promise<Extract<SessionEvent, { readonly kind: K }>> {
    try {
      return (await until(ms, `an event ${kind}`, async () => this.of(kind)[index])).value
    } catch (error) {
      const story = this.events.map((event) => describeEvent(event) ?? event.kind).join('\n')
      throw new Error(`${String(error)} after:\n${story}`)
    }
  }
}

/** Gives a session to `work` and stops it without goodbye, however that ends. */
const watching = async (watched: Watched, work: (watched: Watched) => Promise<void>): Promise<void> => {
  try {
    await work(watched)
  } finally {
    await watched.session.stop({ goodbye: false })
  }
}

const nodeAt = (url: string): NodeProcess => cluster.nodes.find((node) => node.url === url) ?? assert.fail(`no ${url}`)

const statusAt = async (url: string, id: EntityId): Promise<string> =>
  (await new RollcallClient({ registries: [url] }).get(id, { consistency: 'local' })).status

/** A node that was just restarted may be alone for a moment: what it takes then, the others hear of when they meet. */
const everywhere = (status: string, id: EntityId, ms = 5_000): Promise<unknown> =>
  until(ms, `${status} everywhere`, async () =>
    (await Promise.all(urls().map((url) => statusAt(url, id)))).every((shown) => shown === status),
  )

test('an entity is registered, found, changed and ended, past a registry that is not there', async () => {
  const { client, id } = agentAt([NOWHERE, ...urls()])
  const entity = await client.register({ name: 'whole-life', entity_url: 'http://a', tags: ['one'] })
  assert.deepEqual([entity.entity_id, entity.name, entity.status], [id, 'whole-life', 'inactive'])
  await assert.rejects(client.register({ name: 'whole-life' }), { code: 'already_registered', http: 409 })
  assert.deepEqual((await client.update(id, { tags: ['two', 'three'] })).tags, ['two', 'three'])
  await assert.rejects(client.update(id, { name: '' }), (error) => {
    assert.ok(error instanceof RollcallError)
    assert.deepEqual([error.code, error.retryable], ['validation_failed', false])
    assert.match(error.requestId ?? '', /./)
    return true
  })
  const page = await client.search({ query: 'whole-life', status: 'any' })
  assert.deepEqual(
    page.results.map((hit) => hit.entity_id),
    [id],
  )
  await client.deregister(id)
  await assert.rejects(client.get(id), { code: 'entity_deregistered' })
  assert.equal((await client.cluster()).nodes.length, 3)
})

/** A fetch that keeps what was sent in requests that write. */
const recording = (bodies: string[]): Fetch => {
  return (url, init) => {
    if (init.method !== 'GET') bodies.push(`${init.method} ${String(init.body)}`)
    return fetch(url, init)
  }
}

test('ensure registers once, then sends only what differs, and nothing where nothing does', async () => {
  const bodies: string[] = []
  const { client } = agentAt(urls().slice(0, 1), recording(bodies))
  const fields = { name: 'ensured', entity_url: 'http://a', tags: ['x'], summary: 'as it was' }
  assert.equal((await client.ensure(fields)).outcome, 'registered')
  assert.equal((await client.ensure(fields)).outcome, 'unchanged')
  const { outcome, entity } = await client.ensure({ ...fields, summary: 'new' })
  assert.deepEqual([outcome, entity.summary], ['updated', 'new'])
  assert.equal(bodies.length, 2)
  assert.match(bodies[1] ?? '', /^PUT .*summary/)
  assert.doesNotMatch(bodies[1] ?? '', /entity_url|tags/)
})

test('of two processes that ensure one entity at the same time both succeed', async () => {
  const { client } = agentAt(urls().slice(0, 1))
  const outcomes = await Promise.all(
    Array.from({ length: 5 }, async () => (await client.ensure({ name: 'raced', entity_url: 'http://a' })).outcome),
  )
  assert.equal(outcomes.filter((outcome) => outcome === 'registered').length, 1, outcomes.join(' '))
})

/** A fetch that hands a request on and loses the answer, as often as told. */
const losing = (times: number): Fetch => {
  let left = times
  return async (url, init) => {
    const response = await fetch(url, init)
    if (init.method === 'GET' || left-- <= 0) return response
    await response.arrayBuffer()
    throw new TypeError('fetch failed', { cause: new Error('socket hang up') })
  }
}

test('a write whose answer was lost counts once: the next node says what became of it', async () => {
  const [a = '', b = ''] = urls()
  // The same node twice has heard the first attempt for certain.
  const signer = nobleSigner(generateSeed())
  const id = entityIdOf('agent', signer.publicKey)
  const client = (): RollcallClient =>
    new RollcallClient({ registries: [a, a.replace('127.0.0.1', 'localhost')], signer, fetch: losing(1) })
  const entity = await client().register({ name: 'lost-answer', entity_url: 'http://a', tags: ['x'] })
  assert.equal(entity.name, 'lost-answer')
  assert.equal((await client().update(id, { summary: 'changed' })).summary, 'changed')
  await client().deregister(id)
  const elsewhere = new RollcallClient({ registries: [b] })
  await until(5_000, 'gone elsewhere', async () => {
    const { results } = await elsewhere.search({ query: 'lost-answer', status: 'any' })
    return results.length === 0
  })
  await assert.rejects(elsewhere.get(id), { code: 'entity_deregistered' })
})

test('a registration that another took before is refused, lost answer or not', async () => {
  const [a = ''] = urls()
  const agent = await registered('first-come', [a])
  const fields = { name: 'another name', entity_url: 'http://a' }
  const again = new RollcallClient({ registries: [NOWHERE, a], signer: agent.signer })
  await assert.rejects(again.register(fields), { code: 'already_registered' })
})

test('search pages give every entity once, from whichever node', async () => {
  const agents = await Promise.all(Array.from({ length: 7 }, (_, n) => registered(`paged ${n}`)))
  const ids = agents.map(({ id }) => id).sort()
  await until(5_000, 'all known everywhere', async () => {
    const totals = await Promise.all(
      urls().map((url) => new RollcallClient({ registries: [url] }).search({ query: 'paged', status: 'any' })),
    )
    return totals.every((page) => page.total_found === 7)
  })
  for (const url of urls()) {
    const found: string[] = []
    const client = new RollcallClient({ registries: [url] })
    for await (const hit of client.searchAll({ query: 'paged', status: 'any', limit: 2 })) found.push(hit.entity_id)
    assert.deepEqual(found.sort(), ids)
  }
})

test('L10: a session beats at the interval of the node, and each beat is acknowledged', async () => {
  const agent = await registered('steady')
  await watching(new Watched(agent, urls()), async (watched) => {
    const first = await watched.next('acked')
    assert.equal(first.status, 'active')
    assert.equal(watched.of('connected')[0]?.intervalMs, 1_000)
    await everywhere('active', agent.id)
    const started = performance.now()
    for (let i = 0; i < 3; i++) await watched.next('acked')
    const tookMs = performance.now() - started
    assert.ok(tookMs > 2_000 && tookMs < 6_000, `three beats in ${tookMs} ms`)
    assert.deepEqual(watched.of('error'), [])
    assert.deepEqual(watched.of('closed'), [])
  })
})

test('L2: goodbye makes the entity inactive everywhere at once', async () => {
  const agent = await registered('polite')
  const { session } = new Watched(agent, urls())
  await everywhere('active', agent.id)
  await session.stop({ goodbye: true })
  await everywhere('inactive', agent.id, 2_000)
})

test('L7: a killed node is left for the next within seconds, and nobody sees the entity inactive', async (t) => {
  const agent = await registered('survivor')
  await watching(new Watched(agent, urls()), async (watched) => {
    await everywhere('active', agent.id)
    const dead = nodeAt(watched.url)
    const others = urls().filter((url) => url !== dead.url)
    const seen = new Set<string>()
    const control = new AbortController()
    const feeds = others.map(async (url) => {
      const client = new RollcallClient({ registries: [url] })
      for await (const event of client.watch({ entity: agent.id, signal: control.signal })) seen.add(event.type)
    })
    const started = performance.now()
    await dead.kill('SIGKILL')
    const again = await watched.next('acked')
    t.diagnostic(`beating again after ${(performance.now() - started).toFixed(0)} ms`)
    assert.equal(again.status, 'active')
    assert.notEqual(watched.url, dead.url)
    await until(5_000, 'moved', async () => seen.has('moved'))
    control.abort()
    await Promise.all(feeds)
    assert.equal(seen.has('inactive'), false)
    await dead.start()
  })
})

test('a suspended node keeps its sockets open and answers nothing: it is left all the same', async (t) => {
  const agent = await registered('impatient')
  await watching(new Watched(agent, urls()), async (watched) => {
    await everywhere('active', agent.id, 20_000)
    const hung = nodeAt(watched.url)
    const started = performance.now()
    hung.signal('SIGSTOP')
    try {
      const closed = await watched.next('closed')
      assert.match(closed.reason, /no answer within 2 s/)
      await watched.next('acked')
      t.diagnostic(`beating elsewhere after ${(performance.now() - started).toFixed(0)} ms`)
      assert.notEqual(watched.url, hung.url)
    } finally {
      hung.signal('SIGCONT')
    }
  })
})

test('a node that is stopped in order says where to go, and the session goes there', async () => {
  const agent = await registered('moved-on')
  const [only = ''] = urls()
  // Told of one node only, it learns of the others from that one.
  await watching(new Watched(agent, [only]), async (watched) => {
    await everywhere('active', agent.id, 20_000)
    const stopped = nodeAt(only)
    const ended = stopped.kill('SIGTERM')
    const moved = await watched.first('moved')
    assert.ok(moved.nodes.length > 0)
    await watched.next('acked')
    assert.notEqual(watched.url, only)
    assert.equal(await ended, 0)
    await stopped.start()
  })
})

test('L8: of two sessions on one node the newer one wins, and the older ends for good with 4409', async () => {
  const agent = await registered('twins')
  const [only = ''] = urls()
  await watching(new Watched(agent, [only]), async (older) => {
    await older.next('acked')
    await watching(new Watched(agent, [only]), async (newer) => {
      const { error } = await older.first('stopped')
      assert.deepEqual([error?.closeCode, error?.code], [4409, 'superseded'])
      await newer.next('acked')
      await newer.next('acked')
      assert.deepEqual(newer.of('closed'), [])
      assert.equal(older.of('error')[0]?.final, true)
    })
  })
})

test('Deregistered but still working, T1: deregistered on one node, a session on another ends for good with 4410', async () => {
  const agent = await registered('ended')
  const [a = '', , c = ''] = urls()
  await watching(new Watched(agent, [c]), async (watched) => {
    await everywhere('active', agent.id, 20_000)
    const started = performance.now()
    await new RollcallClient({ registries: [a], signer: agent.signer }).deregister(agent.id)
    const { error } = await watched.first('stopped')
    assert.deepEqual([error?.closeCode, error?.code], [4410, 'deregistered'])
    assert.ok(performance.now() - started < 2_000, `after ${performance.now() - started} ms`)
  })
})

test('an entity that is not registered yet is tried for until it is', async () => {
  const agent = agentAt(urls())
  await watching(new Watched(agent, urls()), async (watched) => {
    const error = await watched.first('error')
    assert.deepEqual([error.code, error.entityId, error.final], ['entity_not_found', agent.id, false])
    assert.equal((await watched.first('closed')).code, 4404)
    await agent.client.register({ name: 'late', entity_url: 'http://a' })
    assert.equal((await watched.next('acked', 30_000)).status, 'active')
  })
})

test('L2: a clock that is off is told of in numbers, and the entity is not made active by it', async () => {
  const agent = await registered('early-bird')
  await watching(new Watched(agent, urls(), { wallOffsetMs: 3_600_000 }), async (watched) => {
    const error = await watched.first('error')
    assert.equal(error.code, 'clock_skew')
    assert.match(error.message, /this clock says .* and was 3[56]\d\d\.\d s ahead of the node's/)
    assert.equal(await statusAt(urls()[0] ?? '', agent.id), 'inactive')
  })
})

test('the feed goes on over the restart of its node, and says that events may be missing', async () => {
  const [url = ''] = urls()
  const control = new AbortController()
  const types: string[] = []
  const client = new RollcallClient({ registries: [url] })
  const feed = (async () => {
    for await (const event of client.watch({ signal: control.signal })) types.push(`${event.type} ${event.name ?? ''}`)
  })()
  const mark = async (name: string): Promise<void> => {
    await until(15_000, `the event of ${name}`, async () => {
      if (types.includes(`registered ${name}`)) return true
      // A feed that has just begun may have missed the first of them.
      await registered(name)
      return false
    })
  }
  await mark('before')
  await nodeAt(url).kill('SIGTERM')
  await nodeAt(url).start()
  await mark('behind')
  assert.equal(
    types.some((type) => type.startsWith('gap')),
    true,
    types.join(', '),
  )
  control.abort()
  await feed
})

/** A proxy in front of a node that fails in its own words. */
const badProxy = async (): Promise<Server> => {
  const server = createServer((_, response) => {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html>Bad Gateway</html>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test('a proxy that cannot reach its node is passed over', async () => {
  const proxy = await badProxy()
  try {
    const address = proxy.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const client = new RollcallClient({ registries: [`http://127.0.0.1:${port}`, ...urls()] })
    assert.equal((await client.cluster()).nodes.length, 3)
  } finally {
    proxy.closeAllConnections()
    proxy.close()
  }
})

test('Offline forever: a session that begins while every node is down is there when one comes back', async () => {
  const agent = await registered('patient')
  await everywhere('inactive', agent.id)
  await Promise.all(cluster.nodes.map((node) => node.kill('SIGKILL')))
  await watching(
    new Watched(
      agent,
      cluster.nodes.map(({ url }) => url),
    ),
    async (watched) => {
      for (let i = 0; i < 4; i++) await watched.next('closed', 20_000)
      await Promise.all(cluster.nodes.map((node) => node.start()))
      // The longest backoff: an attempt just before a node serves may be the last for so long.
      await watched.next('acked', HEARTBEAT_BACKOFF.capMs)
      await everywhere('active', agent.id)
    },
  )
})

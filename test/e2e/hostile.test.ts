/**
 * What rubbish, forgery and replay do to a node: each is answered with its documented code and counted once, costs nobody
 * else anything, and the next good beat counts (I1–I3, L2, L9).
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { canonicalJson, formatKey, formatSignature, type JsonObject, LIMITS, utf8 } from '@rollcall/protocol'
import { areEqual, selfOf } from './support/cluster-view.ts'
import { inParallel } from './support/crowd.ts'
import { DIALECTS, type Dialect, documentedFrame, zyndFrame } from './support/dialects.ts'
import { FrameSocket, refusedUpgrade } from './support/frame-socket.ts'
import { beatCounts, expectBeats, metricsOf } from './support/metrics.ts'
import { NativeSession, nativeAct, nativeProfile, registerNatively } from './support/native-agent.ts'
import { Cluster, type NodeProcess } from './support/node-process.ts'
import { closeCodeIn, exchangeBytes, upgradeRequest } from './support/raw-bytes.ts'
import { expectVerdicts, highS, verdict } from './support/verdicts.ts'
import { until } from './support/wait.ts'
import { Witness } from './support/witness.ts'
import { call, type Reply, search, ZyndAgent } from './support/zynd-agent.ts'

const SECOND = 1_000
/** Beyond the default skew of 60 s, whatever a beat loses to whole seconds and on its way. */
const TOO_FAR_MS = 62 * SECOND

let cluster: Cluster
let a: NodeProcess
let b: NodeProcess
let witness: Witness
let pids: readonly number[]

before(async () => {
  cluster = await Cluster.start(2, ['sync.interval_seconds=1', 'limits.registrations_per_key_per_minute=0'])
  a = cluster.node(0)
  b = cluster.node(1)
  pids = cluster.nodes.map((node) => node.pid)
  witness = new Witness(cluster.nodes)
})

after(async () => {
  await witness?.stop()
  await cluster?.stop()
})

/** An agent that both nodes know. */
const registered = async (name: string): Promise<ZyndAgent> => {
  const agent = new ZyndAgent(name)
  assert.equal((await agent.register(a.url)).status, 201)
  await until(5_000, `${name} on the other node`, async () => (await agent.status(b.url)) === 'inactive')
  return agent
}

const post = (body: string | Uint8Array<ArrayBuffer>): Promise<Reply> =>
  call(`${a.url}/v1/entities`, { method: 'POST', body })

const put = (agent: ZyndAgent, body: string): Promise<Reply> =>
  call(`${a.url}/v1/entities/${agent.id}`, { method: 'PUT', body })

const digests = (): Promise<readonly string[]> =>
  Promise.all(cluster.nodes.map(async (node) => (await selfOf(node.url)).digest))

/** Runs `act`, which must leave no trace in what the nodes hold. */
const unwritten = async (act: () => Promise<void>): Promise<void> => {
  await until(5_000, 'equal digests', () => areEqual(cluster.nodes.map((node) => node.url)))
  const heldBefore = await digests()
  await act()
  assert.deepEqual(await digests(), heldBefore)
}

describe('acts over HTTP', () => {
  test('I1, I2, I3: what the owner did not sign is refused by its code, and nothing is written', async () => {
    const owner = await registered('owner')
    const thief = new ZyndAgent('thief')
    const fresh = new ZyndAgent('fresh')
    const forged = (change: (body: JsonObject) => JsonObject): Promise<Reply> =>
      post(JSON.stringify(change(JSON.parse(fresh.registration()))))
    const bearer = (method: string, signer: ZyndAgent, covered: string, body?: string): Promise<Reply> => {
      const authorization = `Bearer ${formatSignature(signer.signer.sign(utf8(covered)))}`
      const init = { method, headers: { authorization }, ...(body === undefined ? {} : { body }) }
      return call(`${a.url}/v1/entities/${owner.id}`, init)
    }
    const change = canonicalJson({ summary: 'Stolen.' })
    await unwritten(() =>
      expectVerdicts({
        'a field changed after signing': ['401 signature_invalid', forged((body) => ({ ...body, name: 'other' }))],
        'no signature': ['401 signature_invalid', forged(({ signature: _, ...body }) => body)],
        'a signature that is no text of one': [
          '401 signature_invalid',
          forged((body) => ({ ...body, signature: 'x' })),
        ],
        'a scalar beyond the order': ['401 signature_invalid', forged((body) => ({ ...body, signature: highS(body) }))],
        'a key of another': [
          '401 signature_invalid',
          forged((body) => ({ ...body, public_key: formatKey(thief.signer.publicKey) })),
        ],
        'a key of small order': [
          '401 signature_invalid',
          forged((body) => ({ ...body, public_key: formatKey(Uint8Array.of(1, ...new Uint8Array(31))) })),
        ],
        'a key that is none': ['422 validation_failed', forged((body) => ({ ...body, public_key: 'ed25519:AAAA' }))],
        'the id of another': ['422 id_mismatch', forged((body) => ({ ...body, entity_id: owner.id }))],
        'an update without signature': ['401 unauthenticated', put(owner, change)],
        'an update by another': ['401 signature_invalid', bearer('PUT', thief, change, change)],
        'a deregistration by another': ['401 signature_invalid', bearer('DELETE', thief, owner.id)],
        'a deregistration of another id': ['401 signature_invalid', bearer('DELETE', owner, thief.id)],
        'a second registration': ['409 already_registered', owner.register(a.url)],
        'a second registration elsewhere': ['409 already_registered', owner.register(b.url)],
      }),
    )
  })

  test('I1, I3: a native act binds kind, id and time; a replay of one is stale', async () => {
    const agent = new ZyndAgent('native-acts')
    const issuedAtMs = Date.now()
    const registration = nativeAct(agent, 'register', { body: nativeProfile(agent), issuedAtMs })
    assert.equal((await post(registration)).status, 201)
    const update = (content: { readonly issuedAtMs: number; readonly body?: JsonObject }): string =>
      nativeAct(agent, 'update', { body: { entity_id: agent.id, summary: 'New.' }, ...content })
    const good = update({ issuedAtMs: issuedAtMs + 1 })
    assert.equal((await put(agent, good)).status, 200)
    const now = Date.now()
    await unwritten(() =>
      expectVerdicts({
        'the registration again': ['409 already_registered', post(registration)],
        'the update again': ['409 stale_write', put(agent, good)],
        'an older update': ['409 stale_write', put(agent, update({ issuedAtMs }))],
        'an update from the future': ['422 clock_skew', put(agent, update({ issuedAtMs: now + TOO_FAR_MS }))],
        'an update from the past': ['422 clock_skew', put(agent, update({ issuedAtMs: now - TOO_FAR_MS }))],
        'a registration as an update': ['401 signature_invalid', put(agent, registration)],
        'an update about another': [
          '422 id_mismatch',
          put(agent, update({ issuedAtMs: now, body: { entity_id: new ZyndAgent('thief').id, summary: 'x' } })),
        ],
        'a registration under another id': [
          '422 id_mismatch',
          registerNatively(a.url, new ZyndAgent('fresh'), { body: { entity_id: agent.id } }),
        ],
      }),
    )
    const end = nativeAct(agent, 'deregister', { body: { entity_id: agent.id }, issuedAtMs: now })
    assert.equal((await call(`${a.url}/v1/entities/${agent.id}`, { method: 'DELETE', body: end })).status, 200)
    await unwritten(() => expectVerdicts({ 'the registration of a dead': ['409 stale_write', post(registration)] }))
  })

  test('I2: bodies that are too large, too deep, no text or no JSON are refused before anything else', async () => {
    const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
    const halves = new ZyndAgent('halves')
    await unwritten(() =>
      expectVerdicts({
        'one byte too many': ['413 payload_too_large', post('x'.repeat(LIMITS.bodyBytesMax + 1))],
        'as large as may be, and no JSON': ['400 malformed', post('x'.repeat(LIMITS.bodyBytesMax))],
        nothing: ['400 malformed', post('')],
        'no JSON': ['400 malformed', post('{"name":')],
        'no object': ['400 malformed', post('[]')],
        'no UTF-8': ['400 malformed', post(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d))],
        'too deep': ['400 malformed', post(deep(LIMITS.jsonDepthMax + 1))],
        'absurdly deep': ['400 malformed', post(deep(8_000))],
        'half a surrogate pair, signed': ['400 malformed', halves.register(a.url, { category: 'a\ud800' })],
        'half a surrogate pair, natively': [
          '400 malformed',
          registerNatively(a.url, halves, { body: { summary: '\udc00b' } }),
        ],
        'a search that is no JSON': ['400 malformed', call(`${a.url}/v1/search`, { method: 'POST', body: '{' })],
        'a search too deep': ['400 malformed', call(`${a.url}/v1/search`, { method: 'POST', body: deep(8_000) })],
      }),
    )
  })
})

describe('beats', () => {
  for (const dialect of DIALECTS) {
    test(`I2, I3, L2, L9: each bad beat has one outcome and leaves the ${dialect.name} socket open`, () =>
      sendEveryBadBeat(dialect))

    test(`L9: a frame that is too large closes the ${dialect.name} socket with 4413, and the next socket serves`, async () => {
      const agent = await registered(`large-${dialect.name}`)
      const large = await dialect.open(a.url, agent)
      large.socket.send('x'.repeat(LIMITS.frameBytesMax + 1))
      assert.deepEqual(await large.socket.closed(), { code: 4413, reason: 'frame_too_large' })
      await expectBeats(a.url, { accepted: 1 }, async () => {
        const next = await dialect.open(a.url, agent)
        next.socket.send(next.frame({ timeMs: Date.now() }))
        assert.equal((await next.socket.nextOf('ack')).status, 'active')
        await next.socket.close()
      })
    })
  }

  test('L2, L9: a Zynd socket that asked for no answers hears none, whatever it sends, and its good beats count', async () => {
    const agent = await registered('silent')
    const socket = await FrameSocket.open(`${a.url}/v1/entities/${agent.id}/ws`)
    const now = Date.now()
    await expectBeats(a.url, { accepted: 1, duplicate: 1, malformed: 2, signature_invalid: 1, skew: 1 }, async () => {
      const good = zyndFrame(agent, { timeMs: now })
      for (const frame of ['rubbish', Uint8Array.of(1, 2, 3), good, good]) socket.send(frame)
      socket.send(zyndFrame(agent, { timeMs: now, signer: new ZyndAgent('thief') }))
      socket.send(zyndFrame(agent, { timeMs: now + TOO_FAR_MS }))
    })
    assert.equal(await agent.status(a.url), 'active')
    assert.deepEqual(socket.frames, [])
    assert.ok(socket.isOpen)
    await socket.close()
  })

  test('L9: ten bad signatures in a row end a socket with 4401, ten unreadable frames with 4400; errors of one on a shared socket do not', async () => {
    const agent = await registered('strikes')
    const thief = new ZyndAgent('thief')
    for (const dialect of DIALECTS) {
      const ends = dialect.name !== 'documented'
      const forger = await dialect.open(a.url, agent)
      await expectBeats(a.url, { signature_invalid: 10 }, async () => {
        for (let i = 0; i < 10; i++) forger.socket.send(forger.frame({ timeMs: Date.now() + i, signer: thief }))
        if (ends) assert.equal((await forger.socket.closed()).code, 4401)
      })
      const babbler = await dialect.open(a.url, agent)
      await expectBeats(a.url, { malformed: 10 }, async () => {
        for (let i = 0; i < 10; i++) babbler.socket.send('rubbish')
        if (ends) assert.equal((await babbler.socket.closed()).code, 4400)
      })
      for (const { socket } of [forger, babbler]) {
        assert.equal(socket.isOpen, !ends)
        if (socket.isOpen) await socket.close()
      }
    }
    assert.equal(await agent.status(a.url), 'inactive')
  })

  test('L2: a beat more than 60 s off the clock of the node is refused, one within is taken, ahead as behind', async () => {
    for (const sign of [-1, 1]) {
      const agent = await registered(`skewed-${sign}`)
      const session = await NativeSession.open(a.url, [agent])
      await expectBeats(a.url, { skew: 1, accepted: 1 }, async () => {
        session.socket.send(session.frame(agent, { timeMs: Date.now() + sign * TOO_FAR_MS }))
        assert.equal(await session.socket.nextError(), 'clock_skew')
        assert.equal((await session.beat(agent, Date.now() + sign * 58 * SECOND)).status, 'active')
      })
      await session.socket.close()
    }
  })

  test('L7, L9: an unknown entity is refused by 404, an error frame or 4404, as its socket allows', async () => {
    const stranger = new ZyndAgent('stranger')
    const upgrade = await refusedUpgrade(`${a.url}/v1/entities/${stranger.id}/ws`)
    assert.equal(verdict({ status: upgrade.status, body: { ...upgrade.body } }), '404 entity_not_found')
    const documented = await FrameSocket.open(`${a.url}/v1/heartbeat`)
    await expectBeats(a.url, { not_found: 1 }, async () => {
      documented.send(documentedFrame(stranger, { timeMs: Date.now() }))
      assert.equal(await documented.nextError(), 'entity_not_found')
    })
    await documented.close()
    const native = await NativeSession.challenged(a.url)
    native.hello([stranger.id])
    assert.equal(await native.socket.nextError(), 'entity_not_found')
    assert.deepEqual(await native.socket.closed(), { code: 4404, reason: 'entity_not_found' })
  })

  test('L9, L10: a native session takes beats after its hello, of its own entities, in its own protocol, made for it', async () => {
    const [agent, other] = [await registered('bound'), await registered('unnamed')]
    const early = await NativeSession.challenged(a.url)
    await expectBeats(a.url, { malformed: 1 }, async () => {
      early.socket.send(early.frame(agent))
      assert.equal(await early.socket.nextError(), 'malformed')
    })
    early.hello([agent.id], 99)
    assert.equal(await early.socket.nextError(), 'protocol_incompatible')
    assert.deepEqual(await early.socket.closed(), { code: 4426, reason: 'protocol_incompatible' })

    const session = await NativeSession.open(a.url, [agent])
    const captured = session.frame(agent)
    await expectBeats(a.url, { malformed: 1, accepted: 1, duplicate: 1 }, async () => {
      session.socket.send(session.frame(other))
      assert.equal(await session.socket.nextError(), 'malformed')
      for (let i = 0; i < 2; i++) {
        session.socket.send(captured)
        await session.socket.nextOf('ack')
      }
    })
    await session.socket.close()
    for (const url of [a.url, b.url]) {
      const elsewhere = await NativeSession.open(url, [agent])
      await expectBeats(url, { signature_invalid: 1, accepted: 1 }, async () => {
        elsewhere.socket.send(captured)
        assert.equal(await elsewhere.socket.nextError(), 'signature_invalid')
        await elsewhere.beat(agent)
      })
      await elsewhere.socket.close()
    }
  })

  test('L2: a beat replayed on another node, or older than one known there, changes nothing', async () => {
    for (const dialect of DIALECTS.filter(({ name }) => name !== 'native')) {
      const agent = await registered(`replayed-${dialect.name}`)
      const [here, there] = [await dialect.open(a.url, agent), await dialect.open(b.url, agent)]
      const now = Date.now()
      const bytes = here.frame({ timeMs: now })
      here.socket.send(bytes)
      await here.socket.nextOf('ack')
      await until(5_000, 'active on the other node', async () => (await agent.status(b.url)) === 'active')
      await unwritten(() =>
        expectBeats(b.url, { duplicate: 1, stale: 1 }, async () => {
          there.socket.send(bytes)
          await there.socket.nextOf('ack')
          there.socket.send(there.frame({ timeMs: now - 5 * SECOND }))
          assert.equal(await there.socket.nextError(), 'stale_heartbeat')
        }),
      )
      assert.equal((await agent.get(b.url)).body.attendant, a.nodeId)
      await Promise.all([here.socket.close(), there.socket.close()])
    }
  })
})

/** Everything that can be wrong with a beat, between two good ones. */
const sendEveryBadBeat = async (dialect: Dialect): Promise<void> => {
  const agent = await registered(`bad-beats-${dialect.name}`)
  const thief = new ZyndAgent('thief')
  const { socket, frame } = await dialect.open(a.url, agent)
  const now = Date.now()
  const refused = async (sent: string | Uint8Array): Promise<unknown> => {
    socket.send(sent)
    return socket.nextError()
  }
  const accepted = async (sent: string): Promise<void> => {
    socket.send(sent)
    assert.equal((await socket.nextOf('ack')).status, 'active')
  }
  const outcomes = { accepted: 2, duplicate: 1, stale: 1, skew: 2, signature_invalid: 2, malformed: 6 }
  await expectBeats(a.url, outcomes, async () => {
    const first = frame({ timeMs: now - 10 * SECOND })
    await accepted(first)
    await accepted(first)
    const { signature: _, ...unsigned } = JSON.parse(frame({ timeMs: now - 9 * SECOND }))
    const { signature } = JSON.parse(first)
    assert.equal(await refused(frame({ timeMs: now, signer: thief })), 'signature_invalid')
    assert.equal(await refused(JSON.stringify({ ...unsigned, signature })), 'signature_invalid')
    assert.equal(await refused(frame({ timeMs: now + TOO_FAR_MS })), 'clock_skew')
    assert.equal(await refused(frame({ timeMs: now - TOO_FAR_MS })), 'clock_skew')
    assert.equal(await refused(frame({ timeMs: now - 20 * SECOND })), 'stale_heartbeat')
    assert.equal(await refused('rubbish'), 'malformed')
    assert.equal(await refused('[]'), 'malformed')
    assert.equal(await refused(Uint8Array.of(0, 255, 1)), 'malformed')
    assert.equal(await refused(JSON.stringify(unsigned)), 'malformed')
    assert.equal(await refused(`${'{"a":'.repeat(600)}1${'}'.repeat(600)}`), 'malformed')
    assert.equal(
      await refused(first.replace(/"(zns:|20)[^"]*"/, '"\\ud800"').replace(/"timestamp":\d+/, '"timestamp":"\\ud800"')),
      'malformed',
    )
    await accepted(frame({ timeMs: now - 8 * SECOND }))
  })
  const { body } = await call(`${a.url}/v1/entities/${agent.id}`)
  assert.equal(Math.floor(Date.parse(String(body.last_heartbeat)) / SECOND), Math.floor(now / SECOND) - 8)
  assert.ok(socket.isOpen)
  await socket.close()
}

describe('the deregistered', () => {
  test('Deregistered but still working, T1, L9: sockets of a deregistered entity close with 4410 on every node, and no beat revives it', async () => {
    const agent = await registered('ended')
    const [zynd, native] = [
      await FrameSocket.open(`${b.url}/v1/entities/${agent.id}/ws`),
      await NativeSession.open(b.url, [agent]),
    ]
    const documented = await FrameSocket.open(`${b.url}/v1/heartbeat`)
    const now = Date.now()
    const beat = documentedFrame(agent, { timeMs: now - 2 * SECOND })
    documented.send(beat)
    await documented.nextOf('ack')
    await native.beat(agent, now)
    assert.equal((await agent.deregister(a.url)).status, 200)
    assert.deepEqual(await zynd.closed(2_000), { code: 4410, reason: 'deregistered' })
    assert.deepEqual(await native.socket.closed(2_000), { code: 4410, reason: 'deregistered' })
    assert.equal(await documented.nextError(), 'entity_deregistered')
    await expectBeats(b.url, { deregistered: 2 }, async () => {
      documented.send(documentedFrame(agent, { timeMs: now + 2 * SECOND }))
      assert.equal(await documented.nextError(), 'entity_deregistered')
      documented.send(beat)
      assert.equal(await documented.nextError(), 'entity_deregistered')
    })
    await documented.close()
    const late = await NativeSession.challenged(a.url)
    late.hello([agent.id])
    assert.equal(await late.socket.nextError(), 'entity_deregistered')
    assert.deepEqual(await late.socket.closed(), { code: 4410, reason: 'deregistered' })
    const upgrade = await refusedUpgrade(`${b.url}/v1/entities/${agent.id}/ws`)
    assert.equal(verdict({ status: upgrade.status, body: { ...upgrade.body } }), '404 entity_deregistered')
  })

  test('Deregistered but still working, T1, L9: deregistered between hello and the first beat, an entity never becomes active; its companion does', async () => {
    const [ended, companion] = [await registered('between'), await registered('companion')]
    const session = await NativeSession.open(b.url, [ended, companion])
    assert.equal((await ended.deregister(a.url)).status, 200)
    await until(5_000, 'deregistered here too', async () => (await ended.status(b.url)) === 404)
    await expectBeats(b.url, { deregistered: 1, accepted: 1 }, async () => {
      session.socket.send(session.frame(ended))
      assert.equal(await session.socket.nextError(), 'entity_deregistered')
      assert.equal((await session.beat(companion)).status, 'active')
    })
    await session.socket.close()
    await until(
      5_000,
      'both nodes tell of the companion',
      async () => witness.of([companion.id], 'active').length === 2,
    )
    assert.deepEqual(witness.of([ended.id], 'active'), [])
  })

  test('L2, T3: a beat of an earlier life does not make the next one active', async () => {
    const agent = await registered('two-lives')
    const socket = await FrameSocket.open(`${a.url}/v1/entities/${agent.id}/ws?ack=1`)
    const [older, newest] = [SECOND, 0].map((agoMs) => zyndFrame(agent, { timeMs: Date.now() - agoMs }))
    assert.ok(older !== undefined && newest !== undefined)
    socket.send(newest)
    await socket.nextOf('ack')
    await until(5_000, 'active on the other node', async () => (await agent.status(b.url)) === 'active')
    assert.equal((await agent.deregister(a.url)).status, 200)
    assert.equal((await socket.closed(2_000)).code, 4410)
    assert.equal((await agent.register(a.url)).status, 201)
    await until(5_000, 'registered again on both', async () => (await agent.status(b.url)) === 'inactive')
    for (const url of [a.url, b.url]) {
      await expectBeats(url, { duplicate: 1, stale: 1 }, async () => {
        const next = await FrameSocket.open(`${url}/v1/entities/${agent.id}/ws?ack=1`)
        next.send(newest)
        assert.equal((await next.nextOf('ack')).status, 'inactive')
        next.send(older)
        assert.equal(await next.nextError(), 'stale_heartbeat')
        await next.close()
      })
      assert.equal(await agent.status(url), 'inactive')
    }
  })
})

test('G3, L9: bytes that are no protocol at all end their own connection, on every port', async () => {
  const agent = await registered('among-rubbish')
  const socket = await FrameSocket.open(`${a.url}/v1/entities/${agent.id}/ws?ack=1`)
  const http = Number(new URL(a.url).port)
  const mesh = Number(/\/tcp\/(\d+)\//.exec(a.mesh)?.[1])
  const rubbish = Uint8Array.from({ length: 512 }, (_, at) => (at * 197) % 256)
  assert.match((await exchangeBytes(http, rubbish)).toString('latin1'), /^HTTP\/1\.1 400 /)
  for (const path of ['/v1/session', '/v1/heartbeat', `/v1/entities/${agent.id}/ws`]) {
    const unmasked = { after: Uint8Array.of(0x81, 0x02, 0x7b, 0x7d), until: /\r\n\r\n/ }
    assert.equal(closeCodeIn(await exchangeBytes(http, upgradeRequest(path), unmasked)), 4400, path)
  }
  await exchangeBytes(mesh, rubbish)
  await exchangeBytes(mesh, upgradeRequest('/'), { after: rubbish, until: /\r\n\r\n/ })
  await expectBeats(a.url, { accepted: 1 }, async () => {
    socket.send(zyndFrame(agent, { timeMs: Date.now() }))
    await socket.nextOf('ack')
  })
  await socket.close()
})

test('Liveness that lies, L9: reads never write: a thousand reads and searches leave digest, transitions and counts as they were', async () => {
  const agent = await registered('read')
  const paths = [
    `/v1/entities/${agent.id}`,
    `/v1/entities/${agent.id}?consistency=local`,
    `/v1/entities/${new ZyndAgent('stranger').id}`,
    '/v1/entities?limit=100',
    '/v1/search?q=read&status=any',
    '/v1/search',
    '/v1/cluster',
    '/v1/categories',
    '/metrics',
  ]
  await until(5_000, 'both feeds up to date', async () => witness.of([agent.id]).length === 2)
  const told = witness.seen.length
  const counted = await Promise.all([beatCounts(a.url), beatCounts(b.url)])
  await unwritten(() =>
    inParallel(
      Array.from({ length: 1_000 }, (_, at) => at),
      20,
      async (at) => {
        const url = at % 2 === 0 ? a.url : b.url
        const path = paths[at % (paths.length + 1)]
        if (path === undefined) await search(url, { query: 'agent called read', status: 'any' })
        else await (await fetch(url + path)).arrayBuffer()
      },
    ),
  )
  assert.deepEqual(witness.seen.slice(told), [])
  assert.deepEqual(await Promise.all([beatCounts(a.url), beatCounts(b.url)]), counted)
})

test('L9: after all of this the nodes are the same processes, agree, and tell of no fault of their own', async () => {
  assert.deepEqual(
    cluster.nodes.map((node) => node.pid),
    pids,
  )
  await until(5_000, 'equal digests', () => areEqual([a.url, b.url]))
  for (const node of cluster.nodes) {
    assert.deepEqual(node.faults, [])
    const samples = await metricsOf(node.url)
    assert.equal(samples.get('rollcall_heartbeats_total{outcome="storage_error"}') ?? 0, 0)
    assert.equal(samples.get('rollcall_dropped_total{queue="inbox",reason="step_failed"}') ?? 0, 0)
  }
})

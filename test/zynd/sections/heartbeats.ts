/** Both heartbeat sockets of Zynd: the one that its SDKs speak and the one that it documents (docs/zynd-wire.md, section 6). */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { stretched, until } from '../../e2e/support/wait.ts'
import { deregister } from '../support/cli.ts'
import { fetchCall, objectOf, type Reply } from '../support/http.ts'
import { Key } from '../support/keys.ts'
import { PythonAgent } from '../support/python-agent.ts'
import { describe as described, identityOf, timestamp } from '../support/sdk.ts'
import { nodes, THRESHOLD_MS } from '../support/shared.ts'
import { answerTo, RawSocket } from '../support/socket.ts'
import { TypeScriptAgent } from '../support/typescript-agent.ts'

const UPGRADE = ['Connection: Upgrade', 'Upgrade: websocket'] as const
const KEYED = ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'] as const

/** An agent of its own for a test, registered and known everywhere. */
const enrolled = async (name: string, make = TypeScriptAgent): Promise<TypeScriptAgent> => {
  const agent = new make(identityOf(name), described(name), nodes.url)
  const reply = await agent.register()
  assert.equal(reply.status, 201, reply.text)
  await nodes.status(agent.id, 'inactive')
  return agent
}
const socketOf = (agent: TypeScriptAgent, query = '', url = nodes.url): Promise<RawSocket> =>
  RawSocket.open(`${url}/v1/entities/${agent.id}/ws${query}`)
const frameOf = (key: Key, at = timestamp()): object => ({ timestamp: at, signature: key.sign(at) })
const lastBeat = async (id: string): Promise<number> => Date.parse(String((await nodes.get(id)).body.last_heartbeat))

describe('section 6.1', { concurrency: true }, () => {
  test('Z6.1-upgrade: permessage-deflate is offered and declined, nothing else is asked for', async () => {
    const agent = await enrolled('upgrade')
    const deflate = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits'
    const answer = await answerTo(nodes.url, `/v1/entities/${agent.id}/ws`, [...UPGRADE, ...KEYED, deflate])
    assert.match(answer, /^HTTP\/1\.1 101 /)
    assert.doesNotMatch(answer, /sec-websocket-(extensions|protocol)/i)
  })

  test('Z6.1-unknown, Z5-no-key, Z10-must: an unknown entity is 404 before the upgrade, again and again', async () => {
    const id = new Key('never registered').agentId
    for (const url of nodes.urls) {
      assert.match(await answerTo(url, `/v1/entities/${id}/ws`, [...UPGRADE, ...KEYED]), /^HTTP\/1\.1 404 /)
    }
    for (const make of [TypeScriptAgent, PythonAgent]) {
      const agent = new make(identityOf(`no key ${make.name}`), described('no-key'), nodes.url)
      agent.beat()
      await until(8_000, 'three refusals', async () => agent.ends.filter((end) => /404/.test(end)).length >= 3)
      agent.stop()
    }
  })

  for (const make of [TypeScriptAgent, PythonAgent]) {
    test(`Z6.1-frame, Z6.1-any-node, Z3-s5: ${make.name} beats at any node and is active on all`, async () => {
      const agent = new make(identityOf(`beats ${make.name}`), described(`beats-${make.name}`), nodes.url)
      await agent.start()
      await nodes.status(agent.id, 'active')
      for (const url of nodes.urls.slice(1)) {
        const was = await lastBeat(agent.id)
        await agent.moveTo(url)
        await until(5_000, 'a later beat', async () => (await lastBeat(agent.id)) > was)
        await nodes.status(agent.id, 'active')
      }
      assert.equal(agent.received, 0)
      assert.deepEqual(agent.ends, [])
      agent.stop()
    })
  }

  test('Z6.1-skew, Z6.1-invalid, Z6.1-silent: what does not hold is passed over, and the next frame counts', async () => {
    const agent = await enrolled('invalid frames')
    const { key } = agent.identity
    const socket = await socketOf(agent)
    const now = timestamp()
    const invalid: readonly unknown[] = [
      'not json',
      '[]',
      { timestamp: now },
      { timestamp: 'yesterday', signature: key.sign('yesterday') },
      frameOf(new Key('a stranger')),
      { timestamp: timestamp(Date.now() - 2_000), signature: key.sign(now) },
      frameOf(key, timestamp(Date.now() - 60_000)),
      frameOf(key, timestamp(Date.now() + 60_000)),
    ]
    for (const frame of invalid) socket.send(frame)
    await socket.settled()
    assert.equal((await nodes.get(agent.id)).body.status, 'inactive')
    socket.send(frameOf(key))
    await nodes.status(agent.id, 'active')
    assert.ok(socket.isOpen)
    assert.deepEqual(socket.frames, [])
    socket.end()
  })

  test('Z6.1-silent: with ?ack=1 a client asks for answers, and gets them', async () => {
    const agent = await enrolled('asks for answers')
    const socket = await socketOf(agent, '?ack=1')
    socket.send(frameOf(agent.identity.key))
    const ack = await socket.next()
    assert.deepEqual([ack.type, ack.entity_id, ack.status], ['ack', agent.id, 'active'])
    socket.end()
  })

  test('Z6.1-silent, Z6.1-client-ping: forty beats later an agent of Python has read nothing and is well', async () => {
    const pace = { intervalMs: 50, reconnectMs: 167, pingMs: stretched(1_000) }
    const agent = new PythonAgent(identityOf('unread'), described('unread'), nodes.url, pace)
    await agent.start()
    await until(10_000, 'forty beats', async () => agent.beats >= 40 && agent.pongs >= 2)
    assert.deepEqual([agent.received, agent.ends, agent.isOpen], [0, [], true])
    agent.stop()
  })

  test('Z6.1-same-second: the same second twice, and an older one, close nothing', async () => {
    const agent = await enrolled('same second')
    const socket = await socketOf(agent)
    const at = timestamp()
    for (let i = 0; i < 12; i++) socket.send(frameOf(agent.identity.key, at))
    socket.send(frameOf(agent.identity.key, timestamp(Date.parse(at) - 1_000)))
    await socket.settled()
    const second = await socketOf(agent)
    second.send(frameOf(agent.identity.key, at))
    await second.settled()
    assert.ok(socket.isOpen && second.isOpen)
    await nodes.status(agent.id, 'active')
    socket.end()
    second.end()
  })

  test('Z6.1-two-processes: two with one key beat side by side, on one node and on two', async () => {
    const agent = await enrolled('twins')
    const twins = [nodes.url, nodes.url, nodes.urlOf(1)].map(
      (url) => new TypeScriptAgent(agent.identity, agent.description, url),
    )
    for (const twin of twins) twin.beat()
    await until(15_000, 'five beats of each', async () => twins.every(({ beats }) => beats >= 5))
    assert.deepEqual(
      twins.map(({ ends, isOpen, received }) => [ends, isOpen, received]),
      twins.map(() => [[], true, 0]),
    )
    await nodes.status(agent.id, 'active')
    for (const twin of twins) twin.stop()
  })

  test('Z6.1-reconnect, Z10-storm: after any close, and all at once, clients are let in again', async () => {
    const agent = await enrolled('comes back')
    for (const code of [1000, 1001, 1011, 3000, undefined]) {
      const socket = await socketOf(agent)
      socket.send(frameOf(agent.identity.key))
      if (code === undefined) socket.end()
      else socket.ws.close(code)
      await until(5_000, 'closed', async () => socket.closedWith !== undefined)
    }
    const storm = await Promise.all(Array.from({ length: 150 }, () => socketOf(agent)))
    for (const socket of storm) socket.send(frameOf(agent.identity.key))
    await Promise.all(storm.map((socket) => socket.settled()))
    assert.ok(storm.every(({ isOpen }) => isOpen))
    await nodes.status(agent.id, 'active')
    for (const socket of storm) socket.end()
  })

  test('Z6.1-threshold, Z6.2-lifecycle: inactive until the first beat, active, inactive by silence, gone', async () => {
    const agent = await enrolled('life')
    const socket = await socketOf(agent, '', nodes.urlOf(1))
    socket.send(frameOf(agent.identity.key))
    const beatMs = performance.now()
    await nodes.status(agent.id, 'active')
    await until(THRESHOLD_MS + 5_000, 'inactive', async () => (await nodes.get(agent.id)).body.status === 'inactive')
    const silenceMs = performance.now() - beatMs
    assert.ok(silenceMs > THRESHOLD_MS - 1_000 && silenceMs < stretched(THRESHOLD_MS + 2_000), `${silenceMs} ms`)
    await nodes.status(agent.id, 'inactive')
    socket.send(frameOf(agent.identity.key))
    await nodes.status(agent.id, 'active')
    const graves = async (): Promise<number> => {
      const { body } = await fetchCall(`${nodes.url}/v1/cluster`)
      const all: readonly unknown[] = Array.isArray(body.nodes) ? body.nodes : []
      const self = all.map(objectOf).find((node) => node.self === true)
      return Number(objectOf(self?.entities).graves)
    }
    const before = await graves()
    assert.equal((await deregister(nodes.url, agent.identity, agent.identity.key)).status, 200)
    await nodes.everywhere('gone', agent.id, ({ status }: Reply) => status === 404)
    await until(20_000, 'purged', async () => (await graves()) > before)
    assert.equal((await nodes.get(agent.id)).status, 404)
  })
})

/** A frame of the documented form; `text` is the timestamp as it is signed. */
const documented = (key: Key, at: number | string, more: object = { type: 'heartbeat' }): object => ({
  ...more,
  agent_id: key.agentId,
  timestamp: at,
  signature: key.sign(`${key.agentId}${at}`),
})
const unixSeconds = (): number => Math.floor(Date.now() / 1000)
const openDocumented = (url = nodes.url): Promise<RawSocket> => RawSocket.open(`${url}/v1/heartbeat`)

describe('section 6.2', { concurrency: true }, () => {
  test('Z6.2-probe, Z6.2-probe-bare: 101 with key and version, 400 or 426 at once without', async () => {
    assert.match(await answerTo(nodes.url, '/v1/heartbeat', [...UPGRADE, ...KEYED]), /^HTTP\/1\.1 101 /)
    assert.match(await answerTo(nodes.url, '/v1/heartbeat', UPGRADE), /^HTTP\/1\.1 4(00|26) /)
    assert.match(await answerTo(nodes.url, '/v1/heartbeat', []), /^HTTP\/1\.1 4(00|26) /)
  })

  for (const [row, label, at, more] of [
    ['Z6.2-frame', 'unix seconds', unixSeconds, { type: 'heartbeat' }],
    ['Z6.2-untyped', 'without a type', unixSeconds, {}],
    ['Z6.2-rfc3339', 'RFC 3339', timestamp, { type: 'heartbeat' }],
  ] as const) {
    test(`Z6.2-frame, Z6.2-untyped, Z6.2-rfc3339, Z3-s5-documented: ${row}, ${label}`, async () => {
      const agent = await enrolled(`documented ${label}`)
      const socket = await openDocumented(nodes.urlOf(1))
      socket.send(documented(agent.identity.key, at(), more))
      const ack = await socket.next()
      assert.deepEqual([ack.type, ack.agent_id], ['ack', agent.id])
      await nodes.status(agent.id, 'active')
      socket.end()
    })
  }

  test('Z6.2-many, Z6.2-error, Z6.2-last-heartbeat: fifty on one socket; the fault of one is told and costs no other', async () => {
    const agents = await Promise.all(Array.from({ length: 50 }, (_, at) => enrolled(`many ${at}`)))
    const socket = await openDocumented()
    const [first] = agents
    assert.ok(first)
    const stranger = new Key('a stranger')
    const at = unixSeconds()
    const signature = stranger.sign(`${first.id}${at}`)
    for (let i = 0; i < 15; i++) socket.send({ type: 'heartbeat', agent_id: first.id, timestamp: at, signature })
    for (let i = 0; i < 15; i++) {
      const { type, agent_id, error } = await socket.next()
      assert.deepEqual([type, agent_id, error], ['error', first.id, 'signature_invalid'])
    }
    for (const agent of agents) socket.send(documented(agent.identity.key, unixSeconds()))
    for (const agent of agents) await nodes.status(agent.id, 'active')
    assert.ok(socket.isOpen)
    const was = await lastBeat(first.id)
    await until(5_000, 'a later beat', async () => {
      socket.send(documented(first.identity.key, unixSeconds()))
      return (await lastBeat(first.id)) > was
    })
    socket.end()
  })

  test('Z6.2-separator: a separator between id and time is no form of it', async () => {
    const agent = await enrolled('separated')
    const socket = await openDocumented()
    const at = unixSeconds()
    for (const separator of [':', '|', ' ', '\n', '.']) {
      const signature = agent.identity.key.sign(`${agent.id}${separator}${at}`)
      socket.send({ type: 'heartbeat', agent_id: agent.id, timestamp: at, signature })
      assert.equal((await socket.next()).error, 'signature_invalid')
    }
    assert.equal((await nodes.get(agent.id)).body.status, 'inactive')
    socket.end()
  })

  test('Z6.2-date: every answer bears the time of the node', async () => {
    const id = new Key('no such entity').agentId
    for (const path of ['/health', '/v1/info', `/v1/entities/${id}`]) {
      const { headers } = await fetchCall(`${nodes.url}${path}`)
      assert.ok(Math.abs(Date.parse(headers.get('date') ?? '') - Date.now()) < 5_000, path)
    }
    const refused = await answerTo(nodes.url, `/v1/entities/${id}/ws`, [...UPGRADE, ...KEYED])
    assert.match(refused, /\r\ndate: /i)
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import '../src/shims.ts'
import type { Connection, Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import { MeshError, type MeshHandlers } from '@rollcall/core'
import { nodeIdOf } from '@rollcall/protocol'
import { CountingMetrics, ManualClock } from '@rollcall/testkit'
import { RequestClient } from '../src/request-client.ts'
import { RequestServer } from '../src/request-server.ts'
import { DEFAULT_LIMITS } from '../src/settings.ts'
import { silentLog, until } from './support.ts'

const ENTITY = '/rollcall/entity/1'
const PEER = nodeIdOf(new Uint8Array(32))

/** A client and the server it asks, over a connection that counts the streams opened on it. */
const bench = (onRequest: MeshHandlers['onRequest']) => {
  const clock = new ManualClock()
  const parts = { clock, metrics: new CountingMetrics(), log: silentLog, limits: DEFAULT_LIMITS }
  const server = new RequestServer({ ...parts, onRequest })
  const streams: Stream[] = []
  const connection = {
    id: 'one',
    remotePeer: PEER,
    status: 'open',
    newStream: async () => {
      const [mine, theirs] = await streamPair()
      streams.push(mine)
      void server.serve(ENTITY, theirs, { remotePeer: PEER } as unknown as Connection)
      return mine
    },
  } as unknown as Connection
  const client = new RequestClient({ ...parts, connectionTo: () => connection })
  const ask = (n: number) => client.request(PEER, ENTITY, Uint8Array.of(n), { timeoutMs: 1_000, maxResponseBytes: 10 })
  return { clock, client, streams, ask }
}

describe('requests to one peer', () => {
  it('go one after the other on one stream', async () => {
    const { client, clock, streams, ask } = bench(async (_protocol, body) => body)
    for (let n = 0; n < 10; n++) assert.deepEqual(await ask(n), Uint8Array.of(n))
    assert.equal(streams.length, 1)
    client.stop()
    await until('nothing is left of it, on either side', () => clock.pending === 0)
  })

  it('go on as many streams as are under way at one time, each with its own answer', async () => {
    const { streams, ask } = bench(async (_protocol, body) => body)
    const all = Array.from({ length: 5 }, (_, n) => n)
    for (let round = 0; round < 2; round++) {
      assert.deepEqual(
        await Promise.all(all.map(ask)),
        all.map((n) => Uint8Array.of(n)),
      )
    }
    assert.equal(streams.length, 6, 'four streams are kept of the five of the first round')
  })

  it('do not meet the late answer of one before them', async () => {
    let answerLate: (answer: Uint8Array) => void = () => undefined
    const { clock, streams, ask } = bench((_protocol, body) =>
      body[0] === 1 ? new Promise((resolve) => (answerLate = resolve)) : Promise.resolve(body),
    )
    const late = assert.rejects(ask(1), (error) => error instanceof MeshError && error.code === 'timeout')
    await until('the stream is open', () => streams.length === 1)
    await clock.advanceAsync(1_000)
    await late
    answerLate(Uint8Array.of(1))
    assert.deepEqual(await ask(2), Uint8Array.of(2))
    assert.equal(streams.length, 2)
  })

  it('do not go on a stream on which one was refused', async () => {
    const { streams, ask } = bench(async (_protocol, body) => {
      if (body[0] === 1) throw new Error('no')
      return body
    })
    await assert.rejects(ask(1), (error) => error instanceof MeshError && error.code === 'refused')
    assert.equal(streams[0]?.status, 'aborted')
    assert.deepEqual(await ask(2), Uint8Array.of(2))
  })
})

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import '../src/shims.ts'
import type { Connection, Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import type { MeshHandlers } from '@rollcall/core'
import { nodeIdOf } from '@rollcall/protocol'
import { CountingMetrics, ManualClock } from '@rollcall/testkit'
import { ANSWERED, framesOf, REFUSED } from '../src/framing.ts'
import { RequestServer } from '../src/request-server.ts'
import { DEFAULT_LIMITS, IDLE_TIMEOUT_MS, LINGER_MS, type MeshLimits, SERVE_TIMEOUT_MS } from '../src/settings.ts'
import { silentLog, until } from './support.ts'

const connection = { remotePeer: nodeIdOf(new Uint8Array(32)) } as unknown as Connection

const bench = (onRequest: MeshHandlers['onRequest'], limits: Partial<MeshLimits> = {}) => {
  const clock = new ManualClock()
  const metrics = new CountingMetrics()
  const server = new RequestServer({
    clock,
    metrics,
    log: silentLog,
    limits: { ...DEFAULT_LIMITS, ...limits },
    onRequest,
  })
  const open = async (): Promise<{ stream: Stream; inbound: Stream; served: Promise<void> }> => {
    const [stream, inbound] = await streamPair()
    return { stream, inbound, served: server.serve('/rollcall/entity/1', inbound, connection) }
  }
  const ask = async (body: Uint8Array): Promise<{ stream: Stream; served: Promise<void> }> => {
    const { stream, served } = await open()
    await framesOf(stream, 1 << 20).write(body)
    return { stream, served }
  }
  return { clock, metrics, server, open, ask }
}

describe('a request that is being served', () => {
  it('ends with its deadline when the handler never does, and its place is free again', async () => {
    let calls = 0
    const { clock, ask } = bench(
      () => {
        calls++
        return new Promise(() => undefined)
      },
      { inboundRequestsMax: 1 },
    )
    const first = await ask(Uint8Array.of(1))
    await until('the handler is called', () => calls === 1)
    const second = await ask(Uint8Array.of(2))
    first.stream.abort(new Error('the asker leaves'))
    await clock.advanceAsync(SERVE_TIMEOUT_MS - 1)
    assert.equal(calls, 1, 'an asker who leaves does not free the place of a handler at work')
    await clock.advanceAsync(1)
    await Promise.all([first.served, second.served])
    assert.equal(clock.pending, 0)
    const callsBefore = calls
    await ask(Uint8Array.of(3))
    await until('its place is free', () => calls === callsBefore + 1)
  })

  it('is followed by others on its stream, and leaves nothing behind once that is closed', async () => {
    const { clock, open } = bench(async (_protocol, body) => Uint8Array.of(...body, 9))
    const { stream, served } = await open()
    const frames = framesOf(stream, 100)
    for (let n = 0; n < 3; n++) {
      await frames.write(Uint8Array.of(n))
      assert.deepEqual((await frames.read()).subarray(), ANSWERED)
      assert.deepEqual((await frames.read()).subarray(), Uint8Array.of(n, 9))
    }
    await stream.close()
    await served
    assert.equal(clock.pending, 0)
  })

  it('may be sent before the one ahead of it is answered', async () => {
    const { open } = bench(async (_protocol, body) => body)
    const { stream, served } = await open()
    const frames = framesOf(stream, 100)
    await frames.writeV([Uint8Array.of(1), Uint8Array.of(2)])
    await stream.close()
    const read = async (): Promise<Uint8Array> => (await frames.read()).subarray()
    const all = [await read(), await read(), await read(), await read()]
    assert.deepEqual(all, [ANSWERED, Uint8Array.of(1), ANSWERED, Uint8Array.of(2)])
    await served
  })

  it('ends with its stream where no other follows for long', async () => {
    const { clock, open } = bench(async (_protocol, body) => body)
    const { stream, inbound, served } = await open()
    const frames = framesOf(stream, 100)
    await frames.write(Uint8Array.of(1))
    await frames.read()
    await frames.read()
    clock.advance(IDLE_TIMEOUT_MS - 1)
    assert.equal(inbound.status, 'open')
    clock.advance(1)
    assert.equal(inbound.status, 'aborted')
    await served
    assert.equal(clock.pending, 0)
  })

  it('takes a place only from its first byte on', async () => {
    const { open, ask } = bench(async (_protocol, body) => body, { inboundRequestsMax: 1 })
    await open()
    const { stream } = await ask(Uint8Array.of(1))
    assert.deepEqual((await framesOf(stream, 100).read()).subarray(), ANSWERED)
  })

  it('is not read while it waits, nor when it is turned away', async () => {
    const { clock, metrics, open, ask } = bench(() => new Promise(() => undefined), {
      inboundRequestsMax: 1,
      inboundWaitingMax: 1,
    })
    await ask(Uint8Array.of(1))
    const waiting = await open()
    await framesOf(waiting.stream, 100).write(Uint8Array.of(2))
    await until('it waits', () => waiting.inbound.readStatus === 'paused')
    assert.equal(waiting.inbound.readBufferLength > 0, true)

    const turnedAway = await ask(Uint8Array.of(3))
    assert.deepEqual((await framesOf(turnedAway.stream, 100).read()).subarray(), REFUSED)
    assert.equal(metrics.counted('dropped_total', { queue: 'mesh_requests_in', reason: 'full' }), 1)
    await turnedAway.served
    assert.equal(turnedAway.stream.status, 'open', 'the asker has yet to close its side')
    clock.advance(LINGER_MS)
    await until('it is gone all the same', () => turnedAway.stream.status !== 'open')
  })

  it('is given up when the mesh stops', async () => {
    const { clock, server, ask } = bench(() => new Promise(() => undefined))
    const { served } = await ask(Uint8Array.of(1))
    server.stop()
    await served
    assert.equal(clock.pending, 0)
  })

  it('is refused where its answer is over the cap', async () => {
    const { ask } = bench(async () => new Uint8Array(11), { responseBytesMax: 10 })
    const { stream } = await ask(Uint8Array.of(1))
    assert.deepEqual((await framesOf(stream, 100).read()).subarray(), REFUSED)
  })
})

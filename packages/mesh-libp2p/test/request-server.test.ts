import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import '../src/shims.ts'
import type { Connection, Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import type { MeshHandlers } from '@rollcall/core'
import { nodeIdOf } from '@rollcall/protocol'
import { CountingMetrics, ManualClock } from '@rollcall/testkit'
import { framesOf, REFUSED } from '../src/framing.ts'
import { RequestServer } from '../src/request-server.ts'
import { DEFAULT_LIMITS, type MeshLimits, SERVE_TIMEOUT_MS } from '../src/settings.ts'
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
  const ask = async (body: Uint8Array): Promise<{ stream: Stream; served: Promise<void> }> => {
    const [stream, inbound] = await streamPair()
    const served = server.serve('/rollcall/entity/1', inbound, connection)
    await framesOf(stream, 1 << 20).write(body)
    return { stream, served }
  }
  return { clock, server, ask }
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

  it('leaves nothing behind once it is answered and both sides are closed', async () => {
    const { clock, ask } = bench(async (_protocol, body) => body)
    const { stream, served } = await ask(Uint8Array.of(1))
    await served
    await stream.close()
    await until('its deadline is forgotten', () => clock.pending === 0)
  })

  it('does not keep a stream whose asker never closes its side', async () => {
    const { clock, ask } = bench(async (_protocol, body) => body)
    const { stream, served } = await ask(Uint8Array.of(1))
    await served
    assert.equal(stream.status, 'open')
    clock.advance(SERVE_TIMEOUT_MS)
    await until('the stream is gone', () => stream.status !== 'open')
    assert.equal(clock.pending, 0)
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

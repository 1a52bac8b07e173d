import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import '../src/shims.ts'
import type { Connection, Stream } from '@libp2p/interface'
import { streamPair } from '@libp2p/utils'
import type { Clock } from '@rollcall/core'
import { ManualClock } from '@rollcall/testkit'
import { IdleStreams } from '../src/idle-streams.ts'
import { IDLE_STREAMS_MAX, REUSE_MS } from '../src/settings.ts'
import { until } from './support.ts'

const SYNC = '/rollcall/sync/1'
const connection = { id: 'one' } as unknown as Connection

const setUp = async (): Promise<{ clock: ManualClock; idle: IdleStreams; stream: Stream; theirs: Stream }> => {
  const clock = new ManualClock()
  const idle = new IdleStreams(clock)
  const [stream, theirs] = await streamPair()
  return { clock, idle, stream, theirs }
}

describe('a stream on which a request was answered', () => {
  it('serves the next request of its connection and protocol, once', async () => {
    const { clock, idle, stream } = await setUp()
    idle.keep(connection, SYNC, stream)
    assert.equal(idle.take({ id: 'other' } as unknown as Connection, SYNC), undefined)
    assert.equal(idle.take(connection, '/rollcall/entity/1'), undefined)
    assert.equal(idle.take(connection, SYNC), stream)
    assert.equal(idle.take(connection, SYNC), undefined)
    assert.equal(clock.pending, 0)
  })

  it('is closed when it was not needed for long', async () => {
    const { clock, idle, stream } = await setUp()
    idle.keep(connection, SYNC, stream)
    clock.advance(REUSE_MS)
    assert.equal(stream.status, 'aborted')
    assert.equal(idle.take(connection, SYNC), undefined)
  })

  it('is not used where the process slept past its time', async () => {
    const [stream] = await streamPair()
    let nowMs = 0
    // Its timers are late: they did not fire yet.
    const clock: Clock = { wallMs: () => 0, monotonicMs: () => nowMs, schedule: () => () => undefined }
    const idle = new IdleStreams(clock)
    idle.keep(connection, SYNC, stream)
    nowMs = REUSE_MS
    assert.equal(idle.take(connection, SYNC), undefined)
    assert.equal(stream.status, 'aborted')
  })

  it('is not used where the peer closed it, or said more than it was asked', async () => {
    const { clock, idle, stream, theirs } = await setUp()
    idle.keep(connection, SYNC, stream)
    await theirs.close()
    await until('the end is seen', () => stream.remoteWriteStatus !== 'writable')
    assert.equal(idle.take(connection, SYNC), undefined)

    const [talked, talker] = await streamPair()
    idle.keep(connection, SYNC, talked)
    talker.send(Uint8Array.of(1))
    await until('the byte is there', () => talked.readBufferLength === 1)
    assert.equal(idle.take(connection, SYNC), undefined)
    assert.equal(talked.status, 'aborted')
    assert.equal(clock.pending, 0)
  })

  it('is kept beside few others', async () => {
    const { idle } = await setUp()
    const streams = await Promise.all(Array.from({ length: IDLE_STREAMS_MAX + 1 }, async () => (await streamPair())[0]))
    for (const stream of streams) idle.keep(connection, SYNC, stream)
    assert.deepEqual(
      streams.map(({ status }) => status),
      [...Array(IDLE_STREAMS_MAX).fill('open'), 'aborted'],
    )
    idle.stop()
  })

  it('ends when the mesh stops', async () => {
    const { clock, idle, stream } = await setUp()
    idle.keep(connection, SYNC, stream)
    idle.stop()
    assert.equal(stream.status, 'aborted')
    assert.equal(clock.pending, 0)
    const [late] = await streamPair()
    idle.keep(connection, SYNC, late)
    assert.equal(late.status, 'aborted')
    assert.equal(clock.pending, 0)
  })
})

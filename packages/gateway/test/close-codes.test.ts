/**
 * The close-code matrix: every code of the table reaches a real client as itself, with its reason, twenty times in a row,
 * while frames are in flight both ways.
 */
import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { CLOSE_CODES, type CloseReason, type EntityId } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { hello, nativeBeat, openNative, zyndBeat } from './support/frames.ts'
import { enrol, type Harness, startGateway } from './support/harness.ts'
import { accepted } from './support/scripted-registry.ts'
import { SocketClient } from './support/socket-client.ts'
import { until, within } from './support/within.ts'

const TIMES = 20
const FLOOD = 100

/** Frames that arrive before, during and after whatever closes the socket; each is answered while it is open. */
const flood = (client: SocketClient, id: EntityId): void => {
  for (let i = 0; i < FLOOD; i++) client.send(nativeBeat(id, 1_790_000_000_000 + i))
}

const assertClosed = async (client: SocketClient, reason: CloseReason): Promise<void> => {
  const closed = await within(`the close ${reason}`, client.closed)
  assert.deepEqual(closed, { code: CLOSE_CODES[reason].code, reason })
}

/** Runs one way of being closed twenty times on one gateway, and checks what was counted. */
const repeat = async (
  reason: CloseReason,
  { registry, metrics }: Harness,
  once: (round: number) => Promise<SocketClient>,
): Promise<void> => {
  for (let round = 0; round < TIMES; round++) await assertClosed(await once(round), reason)
  const code = String(CLOSE_CODES[reason].code)
  assert.equal(metrics.counted('session_closes_total', { code }), TIMES)
  await until('every socket to be forgotten', () => (metrics.gauged('sessions', { kind: 'native' }) ?? 0) === 0)
  assert.ok(registry.sessions.every((session) => session.isClosed))
}

const lastSession = ({ registry }: Harness) => {
  const session = registry.sessions.at(-1)
  assert.ok(session !== undefined)
  return session
}

const started = async (t: TestContext, settings = {}) => {
  const harness = await startGateway(t, { framesBurst: 10_000, ...settings })
  return { harness, id: enrol(harness.registry, 1) }
}

describe('Close codes that arrive as connection error: each close code reaches the client as itself, 20 times in a row, with frames in flight both ways', () => {
  test('4409 superseded and 4410 deregistered, after an error frame that says so', async (t) => {
    for (const reason of ['superseded', 'deregistered'] as const) {
      const { harness, id } = await started(t)
      await repeat(reason, harness, async () => {
        const client = await openNative(harness.ws, id)
        flood(client, id)
        await client.until('an acknowledgement', () => client.frames.some(({ type }) => type === 'ack'))
        lastSession(harness).onRevoked(id, reason)
        flood(client, id)
        await within('the close', client.closed)
        const error = reason === 'superseded' ? 'superseded' : 'entity_deregistered'
        assert.equal(client.frames.at(-1)?.error, error)
        return client
      })
    }
  })

  test('4410 deregistered, of a beat that comes too late', async (t) => {
    const { harness, id } = await started(t)
    harness.registry.onBeat = () => ({
      ...accepted,
      outcome: 'deregistered',
      error: 'entity_deregistered',
      status: 'inactive',
    })
    await repeat('deregistered', harness, async () => {
      const client = await openNative(harness.ws, id)
      flood(client, id)
      return client
    })
  })

  test('4400 malformed, after ten unreadable frames in a row', async (t) => {
    const { harness, id } = await started(t)
    await repeat('malformed', harness, async () => {
      const client = await openNative(harness.ws, id)
      flood(client, id)
      for (let i = 0; i < 10; i++) client.send('{"type":')
      flood(client, id)
      return client
    })
  })

  test('4400 malformed, for bytes that are not UTF-8, where the library would say 1007', async (t) => {
    const { harness, id } = await started(t)
    await repeat('malformed', harness, async () => {
      const client = await openNative(harness.ws, id)
      flood(client, id)
      client.ws.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false })
      flood(client, id)
      return client
    })
  })

  test('4401 signature_invalid, after ten in a row', async (t) => {
    const { harness, id } = await started(t)
    harness.registry.onBeat = () => ({ ...accepted, outcome: 'signature_invalid', error: 'signature_invalid' })
    await repeat('signature_invalid', harness, async () => {
      const client = await openNative(harness.ws, id)
      flood(client, id)
      return client
    })
  })

  test('4404 entity_not_found', async (t) => {
    const { harness, id } = await started(t)
    harness.registry.entities.clear()
    await repeat('entity_not_found', harness, async () => {
      const client = await SocketClient.open(`${harness.ws}/v1/session`)
      client.send(hello(id))
      for (let i = 0; i < 8; i++) client.send(nativeBeat(id))
      return client
    })
  })

  test('4413 frame_too_large, where the library would say 1009', async (t) => {
    const { harness, id } = await started(t)
    await repeat('frame_too_large', harness, async () => {
      const client = await openNative(harness.ws, id)
      flood(client, id)
      client.send('x'.repeat(4_097))
      client.send('x'.repeat(500_000))
      flood(client, id)
      return client
    })
  })

  test('4426 protocol_incompatible', async (t) => {
    const { harness, id } = await started(t)
    await repeat('protocol_incompatible', harness, async () => {
      const client = await SocketClient.open(`${harness.ws}/v1/session`)
      client.send({ ...hello(id), protocol: 99 })
      client.send(hello(id))
      return client
    })
  })

  test('4429 rate_limited, when a client does not stop', async (t) => {
    const { harness, id } = await started(t, { framesBurst: 20, framesPerSecond: 1 })
    await repeat('rate_limited', harness, async () => {
      const client = await openNative(harness.ws, id)
      flood(client, id)
      return client
    })
    const limited = harness.metrics.counted('heartbeats_total', { outcome: 'rate_limited' })
    assert.equal(limited, TIMES * 21)
  })

  test('1011 internal, when a hello cannot be answered', async (t) => {
    const { harness, id } = await started(t)
    harness.registry.onEntity = () => Promise.reject(new Error('broken'))
    await repeat('internal', harness, async () => {
      const client = await SocketClient.open(`${harness.ws}/v1/session`)
      client.send(hello(id))
      return client
    })
  })

  test('1001 going_away, when the node stops', async (t) => {
    const { harness, id } = await started(t)
    const clients = await Promise.all(Array.from({ length: TIMES }, () => openNative(harness.ws, id)))
    for (const client of clients) flood(client, id)
    await clients[0]?.until('an acknowledgement', () => clients[0]?.frames.some(({ type }) => type === 'ack') === true)
    const stopped = harness.gateway.stop()
    for (const client of clients) flood(client, id)
    for (const client of clients) await assertClosed(client, 'going_away')
    await within('the stop', stopped)
  })

  test('4408 idle, when nothing comes for the idle limit', async (t) => {
    const clock = new ManualClock()
    const harness = await startGateway(t, { pingSeconds: 0, idleLimitSeconds: 360 }, { clock })
    const id = enrol(harness.registry, 1)
    await repeat('idle', harness, async () => {
      const client = await SocketClient.open(`${harness.ws}/v1/entities/${id}/ws`)
      client.send(zyndBeat())
      await until('the beat', () => harness.registry.beats.length > 0)
      harness.registry.beats.length = 0
      clock.advance(361_000)
      return client
    })
  })
})

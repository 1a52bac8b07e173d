import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { CLOSE_CODES, type JsonObject } from '@rollcall/protocol'
import { connectsIn, entity, Rig, sentIn, told, toldIn } from './session-kit.ts'

describe('a session that goes well', () => {
  test('answers the challenge with hello, beats at once when welcomed, then once an interval', () => {
    const rig = new Rig()
    assert.deepEqual(connectsIn(rig.feed({ kind: 'start' })), ['http://a'])
    const [hello] = sentIn(rig.challenge())
    assert.deepEqual(hello, { type: 'hello', entities: [entity(1).id], protocol: 1, client: 'test/1' })
    const welcomed = rig.welcome()
    assert.deepEqual(told(welcomed, 'connected')[0]?.intervalMs, 30_000)
    assert.equal(sentIn(welcomed)[0]?.type, 'heartbeat')
    assert.equal(told(rig.ackAll(), 'acked')[0]?.status, 'active')
    assert.equal(sentIn(rig.pass(29_999)).length, 0)
    assert.equal(sentIn(rig.pass(1)).length, 1)
  })

  test('every entity of the socket beats each round', () => {
    const rig = new Rig(['http://a'], [entity(1), entity(2), entity(3)]).connected()
    const ids = sentIn(rig.pass(30_000)).map(({ entity_id }) => entity_id)
    assert.deepEqual(ids, [entity(1).id, entity(2).id, entity(3).id])
  })

  test('a beat carries the health that is asked for just before, and goes out without one that is too large or throws', () => {
    const rig = new Rig().connected()
    rig.health = () => ({ load: 0.5 })
    assert.deepEqual(sentIn(rig.pass(30_000))[0]?.health, { load: 0.5 })
    rig.ackAll()
    rig.health = () => ({ text: 'x'.repeat(2_000) })
    const large = rig.pass(30_000)
    assert.equal(sentIn(large)[0]?.health, undefined)
    assert.match(told(large, 'error')[0]?.message ?? '', /larger than a node takes/)
    rig.ackAll()
    rig.health = () => {
      throw new Error('no sensor')
    }
    const thrown = rig.pass(30_000)
    assert.equal(sentIn(thrown)[0]?.type, 'heartbeat')
    assert.match(told(thrown, 'error')[0]?.message ?? '', /no sensor/)
  })

  test('L2: the times of an entity rise strictly, also when the clock is set back', () => {
    const rig = new Rig(['http://a', 'http://b']).connected()
    rig.wallOffsetMs -= 31_000
    rig.pass(30_000)
    rig.ackAll()
    rig.pass(30_000)
    const times = sentIn(rig.actions).flatMap(({ timestamp_ms }) => (timestamp_ms === undefined ? [] : [timestamp_ms]))
    assert.equal(times.length, 3)
    assert.ok(times.every((time, at) => at === 0 || Number(time) > Number(times[at - 1])))
  })

  test('an entity that the node does not know is named to it again each round, and beats once it is taken', () => {
    const rig = new Rig(['http://a'], [entity(1), entity(2)])
    const unknown = { type: 'error', entity_id: entity(2).id, error: 'entity_not_found', message: 'not here' }
    const ids = (frames: readonly JsonObject[]): unknown[] => frames.map((frame) => frame.entities ?? frame.entity_id)
    rig.feed({ kind: 'start' })
    rig.challenge()
    rig.receive(unknown)
    assert.deepEqual(ids(sentIn(rig.welcome())), [entity(1).id], 'it beats for the one that was taken')
    rig.ackAll()
    assert.deepEqual(ids(sentIn(rig.pass(30_000))), [entity(1).id, [entity(2).id]])
    rig.receive(unknown)
    assert.deepEqual(sentIn(rig.welcome()), [])
    rig.ackAll()
    rig.pass(30_000)
    assert.deepEqual(ids(sentIn(rig.welcome())), [entity(2).id], 'taken, it beats at once')
    rig.ackAll()
    assert.deepEqual(ids(sentIn(rig.pass(30_000))), [entity(1).id, entity(2).id])
  })

  test('more entities than fit one frame are named in several hellos, and all of them beat', () => {
    const all = Array.from({ length: 150 }, (_, n) => entity(n))
    const rig = new Rig(['http://a'], all)
    const hellos = (frames: readonly JsonObject[]): JsonObject[] => frames.filter(({ type }) => type === 'hello')
    rig.feed({ kind: 'start' })
    rig.challenge()
    rig.welcome()
    rig.welcome()
    rig.welcome()
    assert.deepEqual(hellos(sentIn(rig.welcome())), [], 'there is nobody left to name')
    const sent = sentIn(rig.actions)
    assert.deepEqual(
      hellos(sent).map(({ entities }) => Array.isArray(entities) && entities.length),
      [64, 64, 22],
    )
    for (const hello of hellos(sent)) assert.ok(JSON.stringify(hello).length < 4096)
    assert.equal(new Set(sent.flatMap((frame) => frame.entity_id ?? [])).size, 150)
    rig.ackAll()
    assert.equal(sentIn(rig.pass(30_000)).length, 150)
  })

  test('where a node knows none of those that were named first, the next connection begins with others', () => {
    const all = Array.from({ length: 80 }, (_, n) => entity(n))
    const rig = new Rig(['http://a'], all)
    rig.feed({ kind: 'start' })
    const [hello] = sentIn(rig.challenge())
    const named = Array.isArray(hello?.entities) ? hello.entities : []
    for (const id of named) {
      rig.receive({ type: 'error', entity_id: id, error: 'entity_not_found', message: 'not here' })
    }
    rig.feed({ kind: 'lost', code: CLOSE_CODES.entity_not_found.code, reason: 'entity_not_found' })
    rig.pass(60_000)
    const [next] = sentIn(rig.challenge())
    assert.ok(Array.isArray(next?.entities))
    assert.deepEqual(
      next.entities.slice(0, 16),
      all.slice(64).map(({ id }) => id),
    )
  })

  test('Version banners that cry wolf: a frame of an unknown kind is let pass, one that cannot be read is told', () => {
    const rig = new Rig().connected()
    assert.deepEqual(rig.receive({ type: 'weather', sunny: true }), [])
    assert.equal(told(rig.feed({ kind: 'received', text: '{' }), 'error')[0]?.code, 'malformed')
  })
})

describe('a connection that fails', () => {
  test('Offline forever: is followed by one to the next node of the list, round and round, for ever', () => {
    const rig = new Rig()
    rig.feed({ kind: 'start' })
    const urls: string[] = []
    for (let i = 0; i < 500; i++) {
      const [closed] = told(rig.feed({ kind: 'lost', code: 0, reason: 'connect ECONNREFUSED' }), 'closed')
      urls.push(...connectsIn(rig.pass(closed?.retryInMs ?? 0)))
    }
    assert.equal(urls.length, 500)
    assert.deepEqual(urls.slice(0, 4), ['http://b', 'http://c', 'http://a', 'http://b'])
  })

  test('waits with full jitter, from 1 s doubling to 60 s', () => {
    const rig = new Rig()
    rig.feed({ kind: 'start' })
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      const [closed] = told(rig.feed({ kind: 'lost', code: 0, reason: '' }), 'closed')
      waits.push(closed?.retryInMs ?? -1)
      rig.pass(closed?.retryInMs ?? 0)
    }
    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  })

  test('starts the row of waits anew only after a connection that lasted', () => {
    const rig = new Rig().connected()
    const loss = (): number | undefined =>
      told(rig.feed({ kind: 'lost', code: 1011, reason: '' }), 'closed')[0]?.retryInMs
    const again = (): void => {
      rig.challenge()
      rig.welcome()
      rig.ackAll()
    }
    assert.equal(loss(), 500)
    rig.pass(500)
    again()
    assert.equal(loss(), 1_000, 'accepted and lost at once, again')
    rig.pass(1_000)
    again()
    rig.pass(10_000)
    assert.equal(loss(), 500, 'ten good seconds end the row')
  })

  test('Liveness that lies: no welcome within five seconds counts as a loss', () => {
    const rig = new Rig()
    rig.feed({ kind: 'start' })
    rig.challenge()
    const actions = rig.pass(5_000)
    assert.equal(actions[0]?.kind, 'drop')
    assert.match(told(actions, 'closed')[0]?.reason ?? '', /no welcome/)
  })

  test('Liveness that lies: an open socket is no sign of life: a beat without an answer ends the connection', () => {
    const rig = new Rig().connected()
    rig.pass(30_000)
    const actions = rig.pass(10_000)
    assert.equal(actions[0]?.kind, 'drop')
    assert.deepEqual(
      told(actions, 'closed').map(({ nextUrl, reason }) => [nextUrl, reason]),
      [['http://b', 'a beat had no answer within 10 s']],
    )
  })

  test('the answer to one entity does not excuse silence about another', () => {
    const rig = new Rig(['http://a', 'http://b'], [entity(1), entity(2)]).connected()
    const [first] = sentIn(rig.pass(30_000))
    rig.ack(entity(1).id, Number(first?.timestamp_ms))
    assert.equal(told(rig.pass(10_000), 'closed').length, 1)
  })

  test('short intervals shorten the wait for an answer, but not under two seconds', () => {
    const rig = new Rig()
    rig.feed({ kind: 'start' })
    rig.challenge()
    rig.welcome({ interval_seconds: 1 })
    assert.equal(told(rig.pass(1_999), 'closed').length, 0)
    assert.equal(told(rig.pass(1), 'closed').length, 1)
  })

  test('a client that was suspended reads the answers that wait before it calls the node silent', () => {
    const rig = new Rig().connected()
    rig.pass(30_000)
    const woken = rig.suspend(600_000)
    assert.equal(told(woken, 'closed').length, 0)
    assert.equal(sentIn(woken).length, 1, 'it beats at once, an interval has long passed')
    rig.ackAll()
    assert.equal(told(rig.pass(29_000), 'closed').length, 0)
  })

  test('a suspended client whose node went away meanwhile notices soon after', () => {
    const rig = new Rig().connected()
    rig.pass(30_000)
    rig.suspend(600_000)
    assert.equal(told(rig.pass(600_000 + 11_000), 'closed').length > 0, true)
  })

  test('what a dropped connection still says does not count', () => {
    const rig = new Rig()
    rig.feed({ kind: 'start' })
    rig.feed({ kind: 'lost', code: 0, reason: '' })
    assert.deepEqual(rig.challenge(), [])
  })
})

describe('close codes', () => {
  for (const [name, { code, final }] of Object.entries(CLOSE_CODES)) {
    test(`${code} ${name} ${final ? 'ends the session' : 'is followed by a reconnection'}`, () => {
      const rig = new Rig().connected()
      const actions = rig.feed({ kind: 'lost', code, reason: name })
      assert.equal(rig.machine.stateName, final ? 'stopped' : 'waiting')
      assert.equal(told(actions, 'stopped')[0]?.error?.closeCode, final ? code : undefined)
      assert.equal(told(actions, 'stopped')[0]?.error?.code, final ? name : undefined)
      assert.equal(told(actions, 'error')[0]?.final, final ? true : undefined)
      assert.equal(connectsIn(rig.pass(60_000)).length > 0, !final)
    })
  }

  test('L8: an entity that another session took over is left alone, the others of the socket beat on', () => {
    const rig = new Rig(['http://a'], [entity(1), entity(2)]).connected()
    const revoked = rig.receive({
      type: 'error',
      entity_id: entity(1).id,
      error: 'superseded',
      message: 'newer session',
    })
    assert.equal(told(revoked, 'error')[0]?.final, true)
    assert.deepEqual(rig.machine.entityIds, [entity(2).id])
    assert.deepEqual(
      sentIn(rig.pass(30_000)).map(({ entity_id }) => entity_id),
      [entity(2).id],
    )
    const last = rig.receive({ type: 'error', entity_id: entity(2).id, error: 'superseded', message: 'newer session' })
    assert.equal(told(last, 'stopped')[0]?.error?.closeCode, 4409)
  })

  test('T1: the deregistration of the only entity ends the session with 4410', () => {
    const rig = new Rig().connected()
    const error = { type: 'error', entity_id: entity(1).id, error: 'entity_deregistered', message: 'gone' }
    assert.deepEqual(told(rig.receive(error), 'stopped')[0]?.error?.code, 'deregistered')
    assert.equal(rig.machine.wakeAtMs, undefined)
  })
})

test('T1: an entity found deregistered at hello is not named again, the others beat', () => {
  const rig = new Rig(['http://a'], [entity(1), entity(2)])
  rig.feed({ kind: 'start' })
  rig.challenge()
  rig.receive({ type: 'error', entity_id: entity(2).id, error: 'entity_deregistered', message: 'gone' })
  rig.welcome()
  rig.ackAll()
  assert.deepEqual(
    sentIn(rig.pass(30_000)).map(({ type, entity_id }) => [type, entity_id]),
    [['heartbeat', entity(1).id]],
  )
})

describe('nodes that name others', () => {
  test('the list of the welcome is used after the configured one; what is no address is left out', () => {
    const rig = new Rig(['http://a/'])
    rig.feed({ kind: 'start' })
    rig.challenge()
    rig.welcome({ nodes: ['http://b', 'ftp://c', '', 'http://a', 'https://d/'] })
    const urls: string[] = []
    for (let i = 0; i < 3; i++) {
      rig.feed({ kind: 'lost', code: 1001, reason: '' })
      urls.push(...connectsIn(rig.pass(told(rig.actions, 'closed').at(-1)?.retryInMs ?? 0)))
    }
    assert.deepEqual(urls, ['http://b', 'https://d', 'http://a'])
  })

  test('a stopping node is left for one of those it names, by chance', () => {
    for (const [random, expected] of [
      [0, 'http://x'],
      [0.99, 'http://y'],
    ] as const) {
      const rig = new Rig(['http://a', 'http://b']).connected()
      rig.random = random
      const actions = rig.receive({ type: 'moved', nodes: ['http://x', 'http://y', 'http://a'] })
      assert.equal(told(actions, 'moved').length, 1)
      assert.deepEqual(connectsIn(rig.pass(1_000)), [expected])
    }
  })

  test('a stopping node that names none is left for the next of the list', () => {
    const rig = new Rig(['http://a', 'http://b']).connected()
    rig.receive({ type: 'moved', nodes: [] })
    assert.deepEqual(connectsIn(rig.pass(1_000)), ['http://b'])
  })
})

describe('refused beats', () => {
  const refuse = (rig: Rig, error: string): ReturnType<Rig['receive']> =>
    rig.receive({ type: 'error', entity_id: entity(1).id, error, message: 'refused' })

  test('a refusal is an answer: the connection stays', () => {
    const rig = new Rig().connected()
    rig.pass(30_000)
    refuse(rig, 'stale_heartbeat')
    assert.equal(told(rig.pass(29_000), 'closed').length, 0)
  })

  test('a skewed clock is told with both times and the way it is off', () => {
    const rig = new Rig()
    rig.feed({ kind: 'start' })
    rig.challenge(3_600_000)
    rig.welcome()
    const message = told(refuse(rig, 'clock_skew'), 'error')[0]?.message ?? ''
    assert.match(message, /this clock says 2026-01-01T00:00:00.000Z and was 3600.0 s behind the node's/)
  })

  test('a node that takes no beat of a round is left where there is another, and kept where there is none', () => {
    for (const [registries, closed] of [
      [['http://a', 'http://b'], 1],
      [['http://a'], 0],
    ] as const) {
      const rig = new Rig(registries).connected()
      rig.pass(30_000)
      refuse(rig, 'storage_unavailable')
      assert.equal(told(rig.pass(30_000), 'closed').length, closed)
    }
  })
})

describe('stop', () => {
  test('says goodbye for every entity, later than any beat, and ends when all are answered', () => {
    const rig = new Rig(['http://a'], [entity(1), entity(2)]).connected()
    const goodbyes = sentIn(rig.feed({ kind: 'stop', goodbye: true }))
    assert.deepEqual(
      goodbyes.map(({ type }) => type),
      ['goodbye', 'goodbye'],
    )
    assert.equal(rig.machine.stateName, 'leaving')
    rig.ackAll('inactive')
    assert.equal(rig.machine.stateName, 'stopped')
    assert.deepEqual(toldIn(rig.actions).at(-1), { kind: 'stopped', error: undefined })
  })

  test('does not wait for a node that does not answer', () => {
    const rig = new Rig().connected()
    rig.feed({ kind: 'stop', goodbye: true })
    assert.equal(told(rig.pass(2_000), 'stopped').length, 1)
  })

  test('without a connection, or without goodbye, ends at once', () => {
    const waiting = new Rig()
    waiting.feed({ kind: 'start' })
    waiting.feed({ kind: 'lost', code: 0, reason: '' })
    assert.equal(told(waiting.feed({ kind: 'stop', goodbye: true }), 'stopped').length, 1)
    const silent = new Rig().connected().feed({ kind: 'stop', goodbye: false })
    assert.equal(sentIn(silent).length, 0)
    assert.equal(told(silent, 'stopped').length, 1)
  })
})

/** The loop of the feed, over streams that the test writes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock, SeededRandom } from '@rollcall/testkit'
import type { TransitionEvent } from '../src/answers.ts'
import { type WatchOptions, watchEvents } from '../src/watch.ts'

const event = (cursor: string, id = 'zns:1'): string =>
  `id: ${cursor}\nevent: active\ndata: ${JSON.stringify({ cursor, type: 'active', entity_id: id })}\n\n`

/** One connection: the text it brings, and whether it stays open after it. */
type Script = { readonly text: string; readonly stays?: true } | 'refused' | 'lost'

interface Setup {
  readonly asked: string[]
  readonly clock: ManualClock
  next(): Promise<TransitionEvent | undefined>
  end(): Promise<void>
}

function setUp(scripts: readonly Script[], registries = ['http://a', 'http://b'], options: WatchOptions = {}): Setup {
  const clock = new ManualClock()
  const asked: string[] = []
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    asked.push(url)
    const script = scripts[asked.length - 1] ?? 'lost'
    if (script === 'lost') throw new TypeError('fetch failed')
    if (script === 'refused') return Response.json({ error: 'validation_failed', message: 'no' }, { status: 422 })
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(script.text))
        if (script.stays === undefined) controller.close()
        init.signal?.addEventListener('abort', () => controller.error(init.signal?.reason))
      },
    })
    return new Response(body)
  }
  const events = watchEvents({ fetch, clock, random: new SeededRandom(1) }, registries, options)
  return {
    asked,
    clock,
    end: async () => {
      await events.return(undefined)
    },
    next: async () => {
      let settled = false
      const next = events.next()
      void Promise.allSettled([next]).then(() => {
        settled = true
      })
      for (let steps = 0; !settled && steps < 500; steps++) {
        // Streams take several turns to settle; time passes only once nothing else is left to happen.
        await clock.advanceAsync(steps % 20 === 19 ? (clock.nextDelayMs() ?? 0) : 0)
      }
      assert.ok(settled, `nothing came after ${asked.join(', ')}`)
      return (await next).value
    },
  }
}

test('events come in order; after the end of a connection the next begins after the last event, at the same node', async () => {
  const feed = setUp([{ text: event('r-1') + event('r-2') }, { text: event('r-3'), stays: true }])
  assert.equal((await feed.next())?.cursor, 'r-1')
  assert.equal((await feed.next())?.cursor, 'r-2')
  assert.equal((await feed.next())?.cursor, 'r-3')
  assert.deepEqual(feed.asked, ['http://a/v1/events', 'http://a/v1/events?since=r-2'])
  await feed.end()
})

test('a node that does not come back is left for the next', async () => {
  const feed = setUp([{ text: event('r-1') }, 'lost', { text: event('s-9'), stays: true }])
  await feed.next()
  assert.equal((await feed.next())?.cursor, 's-9')
  assert.deepEqual(feed.asked.slice(1), ['http://a/v1/events?since=r-1', 'http://b/v1/events?since=r-1'])
  await feed.end()
})

test('a connection lost before its first event leaves a gap, and the loop says so', async () => {
  const feed = setUp([{ text: ': connected\n\n' }, { text: event('r-7'), stays: true }])
  assert.equal((await feed.next())?.type, 'gap')
  assert.equal((await feed.next())?.cursor, 'r-7')
  await feed.end()
})

test('a cursor that comes without an event is used all the same', async () => {
  const feed = setUp([{ text: 'id: r-4\n\n' }, { text: event('r-5'), stays: true }])
  assert.equal((await feed.next())?.cursor, 'r-5')
  assert.equal(feed.asked[1], 'http://a/v1/events?since=r-4')
  await feed.end()
})

test('a slow reader is taken up again where it was, without a gap', async () => {
  const text = `${event('r-1')}event: gap\ndata: {"type":"gap","reason":"slow_reader"}\n\n`
  const feed = setUp([{ text }, { text: event('r-2'), stays: true }])
  assert.equal((await feed.next())?.cursor, 'r-1')
  assert.equal((await feed.next())?.cursor, 'r-2')
  await feed.end()
})

test('only the entity asked for is given, and gaps', async () => {
  const gap = 'id: r-0\nevent: gap\ndata: {"cursor":"r-0","type":"gap"}\n\n'
  const scripts = [{ text: gap + event('r-1', 'zns:2') + event('r-2'), stays: true }] as const
  const feed = setUp(scripts, ['http://a'], { entity: 'zns:1', since: 'q-1' })
  assert.equal((await feed.next())?.type, 'gap')
  assert.equal((await feed.next())?.cursor, 'r-2')
  await feed.end()
})

test('Liveness that lies: silence is taken for death, even on an open connection', async () => {
  const feed = setUp([
    { text: event('r-1'), stays: true },
    { text: event('r-2'), stays: true },
  ])
  await feed.next()
  assert.equal((await feed.next())?.cursor, 'r-2')
  assert.equal(feed.clock.monotonicMs() >= 90_000, true)
  await feed.end()
})

test('a refused request is an error, not a reason to try again', async () => {
  const feed = setUp(['refused'])
  await assert.rejects(feed.next(), { code: 'validation_failed' })
})

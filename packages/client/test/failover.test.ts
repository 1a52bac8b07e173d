import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ERRORS, type ErrorCode } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { RollcallError } from '../src/errors.ts'
import { Failover, type Outcome } from '../src/http/failover.ts'

const refusal = (code: ErrorCode): Response =>
  Response.json({ error: code, message: `${code} says why`, request_id: 'r-1' }, { status: ERRORS[code].http })

/** What each registry does when it is asked: answer, lose the connection, or stay silent. */
type Behaviour = Response | 'lost' | 'silent'

function setUp(behaviours: Record<string, Behaviour>): { failover: Failover; asked: string[]; clock: ManualClock } {
  const clock = new ManualClock()
  const asked: string[] = []
  const fetch = async (url: string, init: RequestInit): Promise<Response> => {
    const { origin } = new URL(url)
    asked.push(origin)
    const behaviour = behaviours[origin]
    if (behaviour instanceof Response) return behaviour.clone()
    if (behaviour === 'lost') throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') })
    return new Promise((_, reject) => {
      init.signal?.addEventListener('abort', () => reject(init.signal?.reason))
    })
  }
  const registries = Object.keys(behaviours)
  const failover = new Failover({ registries, fetch, clock, attemptTimeoutMs: 5_000, deadlineMs: 8_000 })
  return { failover, asked, clock }
}

const get = { method: 'GET', path: '/v1/info' } as const
const codeOf = (outcome: Outcome): string => (outcome.ok ? 'ok' : outcome.error.code)

describe('one request over a list of registries', () => {
  test('goes on to the next after a lost connection, and begins there the next time', async () => {
    const { failover, asked } = setUp({ 'http://a': 'lost', 'http://b': Response.json({ b: 1 }) })
    const outcome = await failover.ask(get)
    assert.ok(outcome.ok)
    assert.deepEqual(outcome.answer.body, { b: 1 })
    assert.equal(outcome.inDoubt, true)
    await failover.ask(get)
    assert.deepEqual(asked, ['http://a', 'http://b', 'http://b'])
  })

  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { retryable } = ERRORS[code]
    test(`${code} ${retryable ? 'is tried at the next' : 'is an answer'}`, async () => {
      const { failover, asked } = setUp({ 'http://a': refusal(code), 'http://b': Response.json({}) })
      const outcome = await failover.ask(get)
      assert.equal(codeOf(outcome), retryable ? 'ok' : code)
      assert.equal(asked.length, retryable ? 2 : 1)
    })
  }

  test('a promise not to have run leaves no doubt, a lost answer does', async () => {
    for (const [first, inDoubt] of [
      [refusal('node_not_ready'), false],
      [refusal('storage_unavailable'), false],
      [refusal('rate_limited'), false],
      [refusal('internal_error'), true],
      ['lost', true],
    ] as const) {
      const { failover } = setUp({ 'http://a': first, 'http://b': refusal('already_registered') })
      const outcome = await failover.ask({ method: 'POST', path: '/v1/entities', body: '{}' })
      assert.equal(codeOf(outcome), 'already_registered')
      assert.equal(outcome.inDoubt, inDoubt)
    }
  })

  test('a silent registry is given up after its time, all of them after the deadline', async () => {
    const { failover, asked, clock } = setUp({
      'http://a': 'silent',
      'http://b': 'silent',
      'http://c': Response.json({}),
    })
    const asking = failover.ask(get)
    await clock.advanceAsync(4_999)
    assert.deepEqual(asked, ['http://a'])
    await clock.advanceAsync(1)
    assert.deepEqual(asked, ['http://a', 'http://b'])
    await clock.advanceAsync(3_000)
    const outcome = await asking
    assert.equal(codeOf(outcome), 'timeout')
    assert.deepEqual(asked, ['http://a', 'http://b'], 'no time was left for the third')
  })

  test('where none serves, the error names each and carries what the one that answered said', async () => {
    const { failover } = setUp({ 'http://a': 'lost', 'http://b': refusal('node_not_ready') })
    const outcome = await failover.ask(get)
    assert.ok(!outcome.ok)
    assert.equal(outcome.error.code, 'node_not_ready')
    assert.equal(outcome.error.requestId, 'r-1')
    assert.match(outcome.error.message, /none of 2 registries served: http:\/\/a: connect ECONNREFUSED; node_not_ready/)
  })

  test('an aborted signal ends the call with its reason', async () => {
    const { failover } = setUp({ 'http://a': 'silent', 'http://b': Response.json({}) })
    const control = new AbortController()
    const asking = failover.ask({ ...get, signal: control.signal })
    control.abort(new Error('enough'))
    await assert.rejects(asking, /enough/)
  })

  test('what answers without JSON is no registry', async () => {
    const { failover } = setUp({ 'http://a': new Response('<html>', { status: 200 }) })
    const outcome = await failover.ask(get)
    assert.ok(!outcome.ok)
    assert.ok(outcome.error instanceof RollcallError)
    assert.match(outcome.error.message, /is it a registry/)
  })
})

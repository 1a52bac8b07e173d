/** Sessions whose every node is down for long, and then is not, in injected time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from '@rollcall/testkit'
import { HEARTBEAT_BACKOFF } from '../src/backoff.ts'
import { connectsIn, Rig, told } from './session-kit.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

/**
 * Loses a beating session and refuses every connection for `downMs`; resolves with how long after that the next
 * connection is tried, which is the one that succeeds.
 */
const returnAfter = (downMs: number, random: SeededRandom): { readonly rig: Rig; readonly lateMs: number } => {
  const rig = new Rig().connected()
  rig.pass(15 * SECOND)
  rig.ackAll()
  const upMs = rig.nowMs + downMs
  for (;;) {
    rig.random = random.next()
    const [closed] = told(rig.feed({ kind: 'lost', code: 0, reason: 'connect ECONNREFUSED' }), 'closed')
    const tried = connectsIn(rig.pass(closed?.retryInMs ?? assert.fail('it gave up')))
    assert.equal(tried.length, 1)
    if (rig.nowMs >= upMs) return { rig, lateMs: rig.nowMs - upMs }
  }
}

test('Offline forever: a session whose nodes were down for a day is back within one longest wait, and beats', () => {
  const random = new SeededRandom('a day')
  for (let client = 0; client < 20; client++) {
    const { rig, lateMs } = returnAfter(24 * HOUR, random)
    assert.ok(lateMs <= HEARTBEAT_BACKOFF.capMs, `${lateMs} ms`)
    rig.challenge()
    rig.welcome()
    assert.equal(rig.unacknowledged().length > 0, true)
    assert.equal(told(rig.ackAll(), 'acked').at(-1)?.status, 'active')
  }
})

for (const downMs of [20 * SECOND, 600 * SECOND]) {
  test(`Offline forever: of 1 000 sessions that lost their node for ${downMs / SECOND} s no second sees more than a tenth`, () => {
    const random = new SeededRandom(`a thousand ${downMs}`)
    const perSecond = new Map<number, number>()
    for (let client = 0; client < 1_000; client++) {
      const second = Math.floor(returnAfter(downMs, random).lateMs / SECOND)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
    }
    assert.ok(Math.max(...perSecond.values()) <= 100, `${Math.max(...perSecond.values())} in one second`)
    assert.ok(Math.max(...perSecond.keys()) * SECOND < HEARTBEAT_BACKOFF.capMs)
  })
}

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ManualClock } from '@rollcall/testkit'
import fc from 'fast-check'

describe('the manual clock', () => {
  it('runs what is due in order of time, then of scheduling, each at its own time', () => {
    const clock = new ManualClock()
    const ran: string[] = []
    const note = (name: string) => () => ran.push(`${name}@${clock.monotonicMs()}`)
    clock.schedule(20, note('c'))
    clock.schedule(10, note('a'))
    clock.schedule(10, note('b'))
    clock.schedule(31, note('never'))
    clock.advance(30)
    assert.deepEqual(ran, ['a@10', 'b@10', 'c@20'])
    assert.equal(clock.monotonicMs(), 30)
    assert.equal(clock.pending, 1)
    assert.equal(clock.nextDelayMs(), 1)
  })

  it('runs timers that timers schedule, where they fall due in time', () => {
    const clock = new ManualClock()
    const ranAtMs: number[] = []
    const tick = () => {
      ranAtMs.push(clock.monotonicMs())
      clock.schedule(10, tick)
    }
    clock.schedule(10, tick)
    clock.advance(35)
    assert.deepEqual(ranAtMs, [10, 20, 30])
  })

  it('does not run a cancelled timer, and cancelling twice or after it ran does nothing', () => {
    const clock = new ManualClock()
    let runs = 0
    const cancel = clock.schedule(5, () => runs++)
    const keep = clock.schedule(5, () => runs++)
    cancel()
    cancel()
    clock.advance(10)
    keep()
    assert.equal(runs, 1)
    assert.equal(clock.pending, 0)
    assert.equal(clock.nextDelayMs(), undefined)
  })

  it('steps the wall without moving timers', () => {
    const clock = new ManualClock(1_000_000)
    let ran = false
    clock.schedule(100, () => {
      ran = true
    })
    clock.stepWall(-3_600_000)
    assert.equal(clock.wallMs(), 1_000_000 - 3_600_000)
    clock.advance(99)
    assert.equal(ran, false)
    clock.advance(1)
    assert.equal(ran, true)
    assert.equal(clock.wallMs(), 1_000_100 - 3_600_000)
  })

  it('gives views that share time and timers but not the wall', () => {
    const clock = new ManualClock(0)
    const fast = clock.view(30_000)
    const ran: string[] = []
    fast.schedule(2, () => ran.push('fast'))
    clock.schedule(1, () => ran.push('base'))
    clock.advance(5)
    fast.stepWall(1)
    assert.deepEqual(ran, ['base', 'fast'])
    assert.deepEqual([clock.wallMs(), fast.wallMs(), fast.monotonicMs()], [5, 30_006, 5])
  })

  it('lets promises settle between timers when advanced asynchronously', async () => {
    const clock = new ManualClock()
    const ran: string[] = []
    const sleep = (ms: number) => new Promise<void>((resolve) => clock.schedule(ms, resolve))
    const worker = async (name: string) => {
      for (let i = 0; i < 2; i++) {
        await sleep(10)
        await Promise.resolve()
        ran.push(`${name}${i}@${clock.monotonicMs()}`)
      }
    }
    const done = Promise.all([worker('a'), worker('b')])
    await clock.advanceAsync(20)
    await done
    assert.deepEqual(ran, ['a0@10', 'b0@10', 'a1@20', 'b1@20'])
  })

  it('refuses to go back, to be due in the past, and to be advanced from within', () => {
    const clock = new ManualClock()
    assert.throws(() => clock.advance(-1), RangeError)
    assert.throws(() => clock.schedule(Number.NaN, () => undefined), RangeError)
    clock.schedule(1, () => clock.advance(1))
    assert.throws(() => clock.advance(5), /being advanced already/)
    clock.advance(5)
    assert.equal(clock.monotonicMs(), 6)
  })

  it('agrees with a sorted list whatever is scheduled and cancelled', () => {
    const operation = fc.record({ delayMs: fc.nat(50), cancel: fc.option(fc.nat(200)), advanceMs: fc.nat(20) })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 200 }), (operations) => {
        const clock = new ManualClock()
        const expected: { dueMs: number; id: number; alive: boolean }[] = []
        const cancels: (() => void)[] = []
        const ran: number[] = []
        for (const [id, { delayMs, cancel, advanceMs }] of operations.entries()) {
          cancels.push(clock.schedule(delayMs, () => ran.push(id)))
          expected.push({ dueMs: clock.monotonicMs() + delayMs, id, alive: true })
          const victim = cancel === null ? undefined : expected[cancel]
          if (cancel !== null && victim !== undefined) {
            cancels[cancel]?.()
            if (!ran.includes(victim.id)) victim.alive = false
          }
          clock.advance(advanceMs)
        }
        clock.advance(100)
        const alive = expected.filter((timer) => timer.alive)
        alive.sort((a, b) => a.dueMs - b.dueMs || a.id - b.id)
        assert.deepEqual(
          ran,
          alive.map(({ id }) => id),
        )
        assert.equal(clock.pending, 0)
      }),
    )
  })

  it('does not keep what was cancelled', () => {
    const clock = new ManualClock()
    for (let i = 0; i < 10_000; i++) clock.schedule(90_000, () => assert.fail('cancelled'))()
    clock.schedule(1, () => undefined)
    assert.equal(clock.pending, 1)
    clock.advance(100_000)
  })

  it('runNext runs one timer at a time, and lets the rest of the span pass when none is due', () => {
    const clock = new ManualClock()
    const ran: string[] = []
    clock.schedule(5, () => ran.push('a'))
    clock.schedule(5, () => ran.push('b'))
    assert.equal(clock.runNext(10), true)
    assert.deepEqual(ran, ['a'])
    assert.equal(clock.monotonicMs(), 5)
    assert.equal(clock.runNext(5), true)
    assert.equal(clock.runNext(5), false)
    assert.deepEqual(ran, ['a', 'b'])
    assert.equal(clock.monotonicMs(), 10)
  })
})

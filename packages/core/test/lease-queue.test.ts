import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LeaseQueue } from '@rollcall/core'
import type { EntityId } from '@rollcall/protocol'
import fc from 'fast-check'
import { ownerOf } from './support/keys.ts'

const ids = Array.from({ length: 6 }, (_, i) => ownerOf(`leased ${i}`).id)
const [a, b, c] = ids
assert.ok(a && b && c)

const expired = (queue: LeaseQueue, nowMs: number, limit = 100): EntityId[] => [...queue.expire(nowMs, limit)]

describe('the lease queue', () => {
  test('L3: ends a lease at its deadline and not a millisecond before', () => {
    const queue = new LeaseQueue()
    queue.grant(a, 100)
    assert.deepEqual(expired(queue, 99), [])
    assert.deepEqual(expired(queue, 100), [a])
    assert.deepEqual(expired(queue, 1_000), [], 'a lease ends once')
    assert.equal(queue.size, 0)
  })

  test('L3: a renewal moves a lease behind those granted before it', () => {
    const queue = new LeaseQueue()
    queue.grant(a, 100)
    queue.grant(b, 110)
    queue.grant(a, 120)
    assert.deepEqual(expired(queue, 115), [b])
    assert.equal(queue.deadlineMs(a), 120)
  })

  test('L3: a tick ends at most as many as it is allowed, and the next goes on', () => {
    const queue = new LeaseQueue()
    for (const id of ids) queue.grant(id, 100)
    assert.deepEqual(expired(queue, 200, 4), ids.slice(0, 4))
    assert.deepEqual(expired(queue, 200, 4), ids.slice(4))
  })

  test('L4: forgiven lateness moves every deadline, those granted later not', () => {
    const queue = new LeaseQueue()
    queue.grant(a, 100)
    queue.forgive(600)
    queue.grant(b, 750)
    assert.equal(queue.deadlineMs(a), 700)
    assert.equal(queue.deadlineMs(b), 750)
    assert.deepEqual(expired(queue, 700), [a])
  })

  test('L3: a lease that would end before its predecessor is held until then, never beyond', () => {
    const queue = new LeaseQueue()
    queue.grant(a, 100)
    queue.grant(b, 50)
    assert.equal(queue.deadlineMs(b), 100)
    queue.end(a)
    assert.deepEqual(expired(queue, 99), [])
    assert.deepEqual(expired(queue, 100), [b])
  })

  type Action =
    | { readonly do: 'grant' | 'end'; readonly who: number }
    | { readonly do: 'pass' | 'forgive'; readonly ms: number }

  test('L3, L4: any history agrees with a plain table of deadlines', () => {
    const who = fc.nat(ids.length - 1)
    const ms = fc.nat(300)
    const action: fc.Arbitrary<Action> = fc.oneof(
      fc.record({ do: fc.constant('grant' as const), who }),
      fc.record({ do: fc.constant('end' as const), who }),
      fc.record({ do: fc.constant('pass' as const), ms }),
      fc.record({ do: fc.constant('forgive' as const), ms }),
    )
    const termMs = 250
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const queue = new LeaseQueue()
        const model = new Map<EntityId, number>()
        let nowMs = 1_000
        for (const one of actions) {
          const id = 'who' in one ? ids[one.who] : undefined
          if (one.do === 'grant' && id !== undefined) {
            queue.grant(id, nowMs + termMs)
            model.set(id, nowMs + termMs)
          } else if (one.do === 'end' && id !== undefined) {
            queue.end(id)
            model.delete(id)
          } else if (one.do === 'forgive') {
            // As in a step: the time passed, and is forgiven before anything else.
            nowMs += one.ms
            queue.forgive(one.ms)
            for (const [held, deadline] of model) model.set(held, deadline + one.ms)
          } else if ('ms' in one) {
            nowMs += one.ms
            const due = [...model].filter(([, deadline]) => deadline <= nowMs).map(([held]) => held)
            assert.deepEqual(expired(queue, nowMs).sort(), due.sort())
            for (const held of due) model.delete(held)
          }
          assert.equal(queue.size, model.size)
          for (const held of ids) assert.equal(queue.deadlineMs(held), model.get(held))
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

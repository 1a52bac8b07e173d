import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import { ManualClock } from '@rollcall/testkit'
import { Reach } from '../src/reach.ts'
import { BROADCAST_GRACE_MS } from '../src/settings.ts'

const peer = parseNodeId('12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB')
assert.ok(peer)
const NOBODY: ReadonlySet<NodeId> = new Set()
const PEER: ReadonlySet<NodeId> = new Set([peer])

const bench = () => {
  const clock = new ManualClock()
  const told: string[] = []
  const reach = new Reach({
    clock,
    abandon: () => told.push('abandoned'),
    onReached: () => told.push('reached'),
    onLost: () => told.push('lost'),
  })
  return { clock, told, reach }
}

describe('the watch over broadcast', () => {
  it('tells a peer once broadcast works, and its loss when the connection is gone', () => {
    const { told, reach } = bench()
    reach.check(PEER, NOBODY)
    assert.deepEqual(told, [])
    reach.check(PEER, PEER)
    reach.check(PEER, PEER)
    reach.check(NOBODY, NOBODY)
    reach.check(NOBODY, NOBODY)
    assert.deepEqual(told, ['reached', 'lost'])
  })

  it('does not tell the loss of a peer it never told', () => {
    const { told, reach } = bench()
    reach.check(PEER, NOBODY)
    reach.check(NOBODY, NOBODY)
    assert.deepEqual(told, [])
  })

  it('abandons a connection without broadcast after the grace, again and again, and not before', () => {
    const { clock, told, reach } = bench()
    reach.check(PEER, NOBODY)
    clock.advance(BROADCAST_GRACE_MS - 1)
    reach.check(PEER, NOBODY)
    assert.deepEqual(told, [])
    clock.advance(1)
    reach.check(PEER, NOBODY)
    reach.check(PEER, NOBODY)
    assert.deepEqual(told, ['abandoned'])
    clock.advance(BROADCAST_GRACE_MS)
    reach.check(PEER, NOBODY)
    assert.deepEqual(told, ['abandoned', 'abandoned'])
  })

  it('gives the grace anew when broadcast broke after it had worked', () => {
    const { clock, told, reach } = bench()
    reach.check(PEER, PEER)
    clock.advance(3_600_000)
    reach.check(PEER, NOBODY)
    assert.deepEqual(told, ['reached'])
    clock.advance(BROADCAST_GRACE_MS)
    reach.check(PEER, NOBODY)
    assert.deepEqual(told, ['reached', 'abandoned'])
    reach.check(NOBODY, NOBODY)
    assert.deepEqual(told, ['reached', 'abandoned', 'lost'])
  })
})

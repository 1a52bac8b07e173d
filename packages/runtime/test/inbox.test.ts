import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryInput } from '@rollcall/core'
import { graveEntry, stampOf } from '../../core/test/support/entries.ts'
import { nodeKeys, ownerOf } from '../../core/test/support/keys.ts'
import { Inbox } from '../src/inbox.ts'

const [node] = nodeKeys(1).map(({ id }) => id)
assert.ok(node)
const grave = graveEntry(ownerOf('inbox'), stampOf(1, node))

/** So many entries of a peer. */
const told = (count: number, source: 'gossip' | 'fetch' = 'gossip'): RegistryInput => ({
  type: 'deltas',
  deltas: Array.from({ length: count }, () => grave),
  from: node,
  source,
})
const tick: RegistryInput = { type: 'tick' }
const verdict: RegistryInput = { type: 'verdict', lastStamp: stampOf(1, node) }

const typesOf = (events: readonly RegistryInput[]): string[] => events.map(({ type }) => type)

test('L9: what comes through the door waits for one turn, however much peers have told before it', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 500; i++) inbox.add(told(16))
  inbox.add(verdict)
  assert.deepEqual(typesOf(inbox.take()), ['deltas', 'deltas', 'verdict'])
})

test('L9: what peers tell goes on, however much comes through the door', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 900; i++) inbox.add(verdict)
  inbox.add(told(16))
  inbox.add(tick)
  const turn = inbox.take()
  assert.equal(turn[0]?.type, 'deltas')
  assert.equal(turn.length, 257)
})

test('L9: an entry that was fetched is waited for at the door', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 500; i++) inbox.add(told(32))
  const fetched = told(1, 'fetch')
  inbox.add(fetched)
  assert.ok(inbox.take().includes(fetched))
})

test('L9: a turn takes at most 32 entries of peers, but always the first that wait', () => {
  const inbox = new Inbox(1_000)
  for (const count of [100, 31, 1, 1]) inbox.add(told(count))
  const sizes = Array.from({ length: 4 }, () => inbox.take().length)
  assert.deepEqual(sizes, [1, 2, 1, 0])
})

test('L9: neither line takes the room of the other, and both are bounded, timers included', () => {
  const inbox = new Inbox(3)
  const added = (event: RegistryInput): number =>
    Array.from({ length: 10 }, () => inbox.add(event)).filter(Boolean).length
  assert.equal(added(told(1)), 3)
  assert.equal(added(told(1, 'fetch')), 3)
  assert.equal(added(tick), 3)
  assert.equal(inbox.length, 9)
  assert.equal(inbox.clear(), 9)
  assert.equal(inbox.length, 0)
})

test('S4: whoever waits until all is settled waits for both lines, and not for what comes later', async () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 4; i++) inbox.add(told(16))
  inbox.add(tick)
  const order: string[] = []
  const settled = inbox.settled('both').then(() => order.push('settled'))
  inbox.add(told(16))
  for (const name of ['first', 'second', 'third']) {
    inbox.done(inbox.take())
    await Promise.resolve()
    order.push(name)
  }
  await settled
  assert.deepEqual(order, ['first', 'settled', 'second', 'third'])
  await inbox.settled('both')
})

test('L9: whoever waits for the door alone does not wait for what peers told before', async () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 100; i++) inbox.add(told(32))
  inbox.add(told(1, 'fetch'))
  const all = inbox.settled('both')
  const door = inbox.settled('door')
  inbox.done(inbox.take())
  await door
  while (inbox.length > 0) inbox.done(inbox.take())
  await all
})

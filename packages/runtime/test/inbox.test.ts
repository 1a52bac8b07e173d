import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistryInput } from '@rollcall/core'
import { registration } from '../../core/test/support/acts.ts'
import { graveEntry, stampOf } from '../../core/test/support/entries.ts'
import { nodeKeys, ownerOf } from '../../core/test/support/keys.ts'
import { Inbox } from '../src/inbox.ts'

const [node] = nodeKeys(1).map(({ id }) => id)
assert.ok(node)
const owner = ownerOf('inbox')
const grave = graveEntry(owner, stampOf(1, node))

/** So many entries of a peer. */
const told = (count: number, source: 'gossip' | 'fetch' = 'gossip'): RegistryInput => ({
  type: 'deltas',
  deltas: Array.from({ length: count }, () => grave),
  from: node,
  source,
})
const tick: RegistryInput = { type: 'tick' }
const heard: RegistryInput = { type: 'heard', node, stamp: stampOf(1, node), ageMs: 0 }
const act: RegistryInput = { type: 'register', token: 1, act: registration(owner, 1_000) }

const typesOf = (events: readonly RegistryInput[]): string[] => events.map(({ type }) => type)

test('L9: what comes through the door waits for one turn, however much peers have told before it', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 500; i++) inbox.add(told(16))
  inbox.add(act)
  assert.deepEqual(typesOf(inbox.take()), ['deltas', 'deltas', 'register'])
})

test('L9: what peers tell goes on, however much comes through the door', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 900; i++) inbox.add(act)
  inbox.add(told(16))
  const turn = inbox.take()
  assert.equal(turn[0]?.type, 'deltas')
  assert.equal(turn.length, 257)
})

test('L9: an entry that was fetched is waited for at the door, and not many of them in one turn', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 500; i++) inbox.add(told(32))
  const fetched = Array.from({ length: 40 }, () => told(1, 'fetch'))
  for (const one of fetched) inbox.add(one)
  const turns = [inbox.take(), inbox.take()].map((turn) => fetched.filter((one) => turn.includes(one)).length)
  assert.deepEqual(turns, [32, 8])
})

test('L9: of peers a turn takes at most 32 entries, but always the first that wait', () => {
  const inbox = new Inbox(1_000)
  for (const count of [100, 31, 1, 1]) inbox.add(told(count))
  const sizes = Array.from({ length: 4 }, () => inbox.take().length)
  assert.deepEqual(sizes, [1, 2, 1, 0])
})

test('T1: a deregistration is the last that a turn takes from the door', () => {
  const inbox = new Inbox(1_000)
  const deregister: RegistryInput = { type: 'deregister', token: 1, id: grave.id, act: registration(owner, 1_000) }
  const register: RegistryInput = { type: 'register', token: 2, act: registration(owner, 1_000) }
  for (const event of [register, deregister, register]) inbox.add(event)
  assert.deepEqual(typesOf(inbox.take()), ['register', 'deregister'])
  assert.deepEqual(typesOf(inbox.take()), ['register'])
})

test('L3, L5: a timer waits for all that came before it, at the door and from peers, and for nothing that comes after', () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 4; i++) inbox.add(told(16))
  for (let i = 0; i < 300; i++) inbox.add(act)
  inbox.add(tick)
  for (let i = 0; i < 4; i++) inbox.add(told(16))
  const turns = [inbox.take(), inbox.take(), inbox.take()]
  assert.deepEqual(
    turns.map((turn) => turn.indexOf(tick)),
    [-1, 2 + 44, -1],
  )
})

test('L9: no line takes the room of another, and all are bounded', () => {
  const inbox = new Inbox(3)
  const added = (event: RegistryInput): number =>
    Array.from({ length: 10 }, () => inbox.add(event)).filter(Boolean).length
  assert.equal(added(told(1)), 3)
  assert.equal(added(heard), 3, 'signs of life find room behind entries')
  assert.equal(added(told(1, 'fetch')), 3)
  assert.equal(added(tick), 3)
  assert.equal(inbox.length, 12)
  assert.equal(inbox.clear(), 12)
  assert.equal(inbox.length, 0)
})

test('S4: whoever waits until all is settled waits for both lines, and not for what comes later', async () => {
  const inbox = new Inbox(1_000)
  for (let i = 0; i < 4; i++) inbox.add(told(16))
  inbox.add(act)
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

test('L3: whoever waits for the timers waits for those that were added, and for nothing else', async () => {
  const inbox = new Inbox(1_000)
  inbox.add(tick)
  let settled = 0
  void inbox.settled('timers').then(() => settled++)
  inbox.add(act)
  const first = inbox.take()
  assert.deepEqual(typesOf(first), ['register', 'tick'])
  assert.equal(settled, 0)
  inbox.add(tick)
  inbox.done(first)
  await Promise.resolve()
  assert.equal(settled, 1)
  let again = 0
  void inbox.settled('timers').then(() => again++)
  await Promise.resolve()
  assert.equal(again, 0)
})

test('L3: timers that wait for nothing else share a turn', () => {
  const inbox = new Inbox(1_000)
  inbox.add(tick)
  inbox.add(tick)
  assert.deepEqual(typesOf(inbox.take()), ['tick', 'tick'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Store } from '@rollcall/core'
import {
  bytes,
  del,
  durable,
  FREE_TABLES,
  getText,
  type MakeStore,
  notDurable,
  put,
  scanAll,
  withStore,
} from './compliance-kit.ts'

/** What a write does, and in which order writes take effect. */
export function writeCompliance(make: MakeStore): void {
  test('get gives what was put, and undefined for what was not', withStore(make, getAfterPut))
  test('a batch may touch several tables, and its last operation on a key wins', withStore(make, lastWins))
  test('deleting an absent key is no error', withStore(make, deleteAbsent))
  test('an empty batch is no error', withStore(make, emptyBatch))
  test('an empty value is a value, and an empty key a key', withStore(make, empties))
  test('a value of 1 MiB comes back whole', withStore(make, largeValue))
  test('what a caller does to its arrays afterwards changes nothing', withStore(make, arraysAreCopies))
  test('a batch is applied whole: no reader sees half of one', withStore(make, wholeBatches))
  test('batches take effect in the order of the calls, durable or not', withStore(make, orderOfCalls))
  test('concurrent durable writes resolve in the order of the calls', withStore(make, orderOfResolution))
}

async function getAfterPut(store: Store): Promise<void> {
  assert.equal(await getText(store, 'entry', 'a'), undefined)
  await store.write([put('entry', 'a', 'one')], durable)
  await store.write([put('entry', 'b', 'two')], notDurable)
  assert.equal(await getText(store, 'entry', 'a'), 'one')
  assert.equal(await getText(store, 'entry', 'b'), 'two')
  assert.equal(await getText(store, 'presence', 'a'), undefined)
  const value = await store.get('entry', bytes('a'))
  assert.equal(value?.constructor, Uint8Array, 'a plain Uint8Array, whose slice copies')
  await store.write([del('entry', 'a')], durable)
  assert.equal(await getText(store, 'entry', 'a'), undefined)
}

async function lastWins(store: Store): Promise<void> {
  const batch = [put('entry', 'a', '1'), put('presence', 'a', '2'), del('entry', 'a'), put('entry', 'a', '3')]
  await store.write([...batch, put('beat', 'b', '4'), del('beat', 'b')], durable)
  assert.equal(await getText(store, 'entry', 'a'), '3')
  assert.equal(await getText(store, 'presence', 'a'), '2')
  assert.equal(await getText(store, 'beat', 'b'), undefined)
}

async function deleteAbsent(store: Store): Promise<void> {
  await store.write([del('entry', 'never'), put('entry', 'a', '1')], durable)
  assert.deepEqual(await scanAll(store, 'entry'), [[[97], [49]]])
}

async function emptyBatch(store: Store): Promise<void> {
  await store.write([], notDurable)
  await store.write([put('entry', 'a', '1')], notDurable)
  await store.write([], durable)
  assert.equal(await getText(store, 'entry', 'a'), '1')
}

async function empties(store: Store): Promise<void> {
  await store.write([put('entry', 'a', ''), put('entry', '', 'v'), put('presence', '', '')], durable)
  assert.equal((await store.get('entry', bytes('a')))?.length, 0)
  assert.equal(await getText(store, 'entry', ''), 'v')
  assert.deepEqual(await scanAll(store, 'entry'), [
    [[], [118]],
    [[97], []],
  ])
  assert.deepEqual(await scanAll(store, 'presence'), [[[], []]])
}

async function largeValue(store: Store): Promise<void> {
  const value = Uint8Array.from({ length: 1024 * 1024 }, (_, index) => (index * 31) % 251)
  await store.write([{ kind: 'put', table: 'entry', key: bytes('large'), value }], durable)
  assert.deepEqual(await store.get('entry', bytes('large')), value)
  for await (const [, scanned] of store.scan('entry')) assert.deepEqual(scanned, value)
}

async function arraysAreCopies(store: Store): Promise<void> {
  const key = bytes('key')
  const value = bytes('value')
  await store.write([{ kind: 'put', table: 'entry', key, value }], durable)
  key.fill(0)
  value.fill(0)
  const read = await store.get('entry', bytes('key'))
  read?.fill(0)
  for await (const [scannedKey, scannedValue] of store.scan('entry')) {
    scannedKey.fill(0)
    scannedValue.fill(0)
  }
  assert.equal(await getText(store, 'entry', 'key'), 'value')
  assert.deepEqual(await scanAll(store, 'entry'), [[[...bytes('key')], [...bytes('value')]]])
}

async function wholeBatches(store: Store): Promise<void> {
  const rounds = 100
  let writing = true
  const write = async (): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      const version = String(round)
      await store.write([put('entry', 'x', version), put('entry', 'y', version)], { durable: round % 10 === 0 })
    }
    writing = false
  }
  const read = async (): Promise<void> => {
    while (writing) {
      const values = (await scanAll(store, 'entry')).map(([, value]) => String(value))
      assert.equal(new Set(values).size <= 1, true, `a reader saw two versions: ${values.join(' and ')}`)
      assert.notEqual(values.length, 1, 'a reader saw one key of two')
    }
  }
  await Promise.all([write(), read()])
}

async function orderOfCalls(store: Store): Promise<void> {
  const calls = Array.from({ length: 300 }, (_, index) => {
    const table = FREE_TABLES[index % FREE_TABLES.length] ?? 'entry'
    const batch = [put('entry', 'newest', String(index)), put(table, `k${index % 7}`, String(index))]
    return store.write(index % 11 === 10 ? [...batch, del('member', 'k3')] : batch, { durable: index % 3 === 0 })
  })
  await Promise.all(calls)
  assert.equal(await getText(store, 'entry', 'newest'), '299')
  assert.equal(await getText(store, 'presence', 'k2'), '296')
  assert.equal(await getText(store, 'member', 'k3'), undefined, 'put by 283, deleted by 296')
}

async function orderOfResolution(store: Store): Promise<void> {
  const resolved: number[] = []
  const expected = Array.from({ length: 500 }, (_, index) => index)
  await Promise.all(
    expected.map(async (index) => {
      await store.write([put('audit', String(index), 'x')], durable)
      resolved.push(index)
    }),
  )
  assert.deepEqual(resolved, expected)
}

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
  put,
  scanAll,
  scanKeys,
  withStore,
} from './compliance-kit.ts'

/** What a scan gives, and in which order. */
export function readCompliance(make: MakeStore): void {
  test('a scan is in the order of key bytes', withStore(make, byteOrder))
  test('gte includes, lt excludes, reverse turns around, limit cuts the front of that', withStore(make, ranges))
  test('a limit that is no count is a RangeError', withStore(make, wrongLimit))
  test('tables do not touch, whatever bytes their keys have', withStore(make, isolation))
  test('a scan is a snapshot: writes during it do not show', withStore(make, snapshot))
  test('a scan may be left early', withStore(make, earlyExit))
}

async function byteOrder(store: Store): Promise<void> {
  const sorted = [[], [0], [0, 0], [0, 255], [1], [9], [10], [65], [97], [127], [127, 0], [128], [200], [255], [255, 0]]
  const shuffled = sorted.toSorted((a, b) => (((a[0] ?? 3) * 7) % 11) - (((b[0] ?? 3) * 7) % 11))
  for (const key of shuffled) await store.write([put('entry', key)], { durable: false })
  assert.deepEqual(await scanKeys(store, 'entry'), sorted)
  assert.deepEqual(await scanKeys(store, 'entry', { reverse: true }), sorted.toReversed())
}

async function ranges(store: Store): Promise<void> {
  await store.write(
    ['b', 'd', 'f', 'h'].map((key) => put('entry', key)),
    durable,
  )
  const scan = async (range: { gte?: string; lt?: string; reverse?: boolean; limit?: number }): Promise<string> => {
    const { gte, lt, ...rest } = range
    const encoded = {
      ...rest,
      ...(gte !== undefined && { gte: bytes(gte) }),
      ...(lt !== undefined && { lt: bytes(lt) }),
    }
    return (await scanKeys(store, 'entry', encoded)).map((key) => String.fromCharCode(...key)).join('')
  }
  assert.equal(await scan({}), 'bdfh')
  assert.equal(await scan({ gte: 'd' }), 'dfh')
  assert.equal(await scan({ gte: 'c' }), 'dfh')
  assert.equal(await scan({ lt: 'f' }), 'bd')
  assert.equal(await scan({ lt: 'g' }), 'bdf')
  assert.equal(await scan({ gte: 'd', lt: 'h' }), 'df')
  assert.equal(await scan({ gte: 'd', lt: 'h', reverse: true }), 'fd')
  assert.equal(await scan({ lt: 'z', reverse: true, limit: 1 }), 'h')
  assert.equal(await scan({ gte: 'c', limit: 2 }), 'df')
  assert.equal(await scan({ limit: 0 }), '')
  assert.equal(await scan({ limit: 2 ** 40 }), 'bdfh')
  assert.equal(await scan({ gte: 'd', lt: 'd' }), '')
  assert.equal(await scan({ gte: 'h', lt: 'b' }), '')
  assert.equal(await scan({ gte: 'h', lt: 'b', reverse: true }), '')
  assert.equal(await scan({ gte: '' }), 'bdfh')
  assert.equal(await scan({ lt: '' }), '')
}

async function wrongLimit(store: Store): Promise<void> {
  for (const limit of [-1, 1.5, Number.NaN]) {
    await assert.rejects(scanAll(store, 'entry', { limit }), RangeError)
  }
}

async function isolation(store: Store): Promise<void> {
  const keys = [[], [0], [0, 0], [0, 1], [1], [2], [254], [255], [255, 255], [255, 255, 255]]
  for (const [index, table] of FREE_TABLES.entries()) {
    await store.write(
      keys.map((key) => put(table, key, [index])),
      { durable: false },
    )
  }
  for (const [index, table] of FREE_TABLES.entries()) {
    const own = keys.map((key) => [key, [index]])
    assert.deepEqual(await scanAll(store, table), own)
    assert.deepEqual(await scanAll(store, table, { reverse: true }), own.toReversed())
    assert.deepEqual(await scanKeys(store, table, { gte: bytes([255]) }), keys.slice(7))
    assert.deepEqual(await scanKeys(store, table, { lt: bytes([0, 0]), reverse: true }), [[0], []])
  }
  await store.write(
    keys.map((key) => del('presence', key)),
    durable,
  )
  assert.deepEqual(await scanAll(store, 'presence'), [])
  assert.equal((await scanAll(store, 'entry')).length, keys.length)
  assert.equal((await scanAll(store, 'beat')).length, keys.length)
}

async function snapshot(store: Store): Promise<void> {
  const count = 3_000
  const name = (index: number): string => `k${String(index).padStart(5, '0')}`
  await store.write(
    Array.from({ length: count }, (_, index) => put('entry', name(index), 'old')),
    durable,
  )
  const seen: string[] = []
  for await (const [key, value] of store.scan('entry')) {
    if (seen.length === 0) {
      const changes = Array.from({ length: count }, (_, index) =>
        index % 2 === 0 ? del('entry', name(index)) : put('entry', name(index), 'new'),
      )
      await store.write([...changes, put('entry', 'l-later', 'new')], durable)
    }
    seen.push(`${new TextDecoder().decode(key)}=${new TextDecoder().decode(value)}`)
  }
  assert.deepEqual(
    seen,
    Array.from({ length: count }, (_, index) => `${name(index)}=old`),
  )
  assert.equal((await scanAll(store, 'entry')).length, count / 2 + 1)
}

async function earlyExit(store: Store): Promise<void> {
  await store.write(
    Array.from({ length: 50 }, (_, index) => put('entry', [index])),
    durable,
  )
  for (let round = 0; round < 20; round++) {
    for await (const [key] of store.scan('entry')) if ((key[0] ?? 0) >= round) break
  }
  await store.write([put('entry', 'after', 'ok')], durable)
  assert.equal(await getText(store, 'entry', 'after'), 'ok')
}

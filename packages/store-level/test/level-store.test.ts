import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Metrics } from '@rollcall/core'
import { storeCompliance } from '@rollcall/testkit'
import { Level } from 'level'
import { GROUP_OPS_MAX } from '../src/constants.ts'
import { LevelStore } from '../src/index.ts'
import { getText, inTempDir, openStore, put } from './store-kit.ts'

storeCompliance('LevelStore', async () => {
  const location = await mkdtemp(join(tmpdir(), 'rollcall-store-'))
  let store = await openStore(location)
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openStore(location)
      return store
    },
    dispose: async () => {
      await store.close()
      await rm(location, { recursive: true, force: true })
    },
  }
})

test('durable writes of concurrent callers share syncs', (t) =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    const batch = t.mock.method(Level.prototype, 'batch')
    const callers = Array.from({ length: 1_000 }, (_, caller) => put('entry', `k${caller}`, 'v'))
    await Promise.all(callers.map((op) => store.write([op], { durable: true })))
    assert.equal(
      batch.mock.callCount() <= 1 + 1_000 / GROUP_OPS_MAX,
      true,
      `${batch.mock.callCount()} batches for 1000 durable writes`,
    )
    assert.deepEqual(secondArgument(batch.mock.calls.at(0)), { sync: true })

    batch.mock.resetCalls()
    const loops = Array.from({ length: 50 }, async (_, caller) => {
      for (let round = 0; round < 20; round++) await store.write([put('entry', `k${caller}`, 'v')], { durable: true })
    })
    await Promise.all(loops)
    assert.equal(batch.mock.callCount() < 100, true, `${batch.mock.callCount()} batches for 1000 durable writes`)
    await store.close()
  }))

test('a write that is not durable costs no sync', (t) =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    const batch = t.mock.method(Level.prototype, 'batch')
    await store.write([put('beat', 'a', '1')], { durable: false })
    assert.deepEqual(secondArgument(batch.mock.calls.at(0)), { sync: false })
    await store.close()
  }))

test('every write is timed under its kind', () =>
  inTempDir(async (location) => {
    const observed: unknown[] = []
    const metrics: Metrics = {
      count: () => assert.fail('nothing to count'),
      gauge: (name, value, labels) =>
        assert.deepEqual([name, labels, value >= 0], ['queue_length', { queue: 'store' }, true]),
      observe: (name, value, labels) => observed.push([name, labels, value > 0 && value < 60]),
    }
    const store = new LevelStore({ location, metrics })
    await store.open()
    await store.write([put('entry', 'a', '1')], { durable: true })
    await store.write([put('entry', 'a', '2')], { durable: false })
    await store.close()
    assert.deepEqual(observed, [
      ['store_write_seconds', { durable: 'true' }, true],
      ['store_write_seconds', { durable: 'false' }, true],
    ])
  }))

test('opening twice is harmless, and closing before opening too', () =>
  inTempDir(async (location) => {
    const store = new LevelStore({ location })
    await Promise.all([store.open(), store.open()])
    await store.open()
    await store.write([put('entry', 'a', '1')], { durable: true })
    assert.equal(await getText(store, 'entry', 'a'), '1')
    await store.close()
    await new LevelStore({ location }).close()
  }))

test('closing while opening waits and leaves the folder free', () =>
  inTempDir(async (location) => {
    const store = new LevelStore({ location })
    await Promise.all([store.open(), store.close()])
    await (await openStore(location)).close()
  }))

function secondArgument(call: { readonly arguments: readonly unknown[] } | undefined): unknown {
  return call?.arguments[1]
}

test('a snapshot shows every table as it was when it began, whatever is written meanwhile', () =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    await store.write([put('entry', 'a', '1'), put('audit', 'b', '1')], { durable: true })
    const seen: string[] = []
    for await (const [table, key, value] of store.snapshot()) {
      const decoder = new TextDecoder()
      if (table !== 'meta') seen.push(`${table} ${decoder.decode(key)} ${decoder.decode(value)}`)
      // Written while the first pair is in hand: to a table that was passed, and to one that comes later.
      await store.write([put('entry', 'a', '2'), put('audit', 'b', '2'), put('audit', 'c', '2')], { durable: true })
    }
    assert.deepEqual(seen, ['entry a 1', 'audit b 1'])
    await store.close()
  }))

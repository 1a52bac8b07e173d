import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StoreError } from '@rollcall/core'
import { MemoryStore, storeCompliance } from '@rollcall/testkit'
import fc from 'fast-check'
import { bytes, durable, FREE_TABLES, getText, notDurable, put, scanAll } from '../src/store/compliance-kit.ts'
import { batch, StoreModel } from '../src/store/compliance-model.ts'

storeCompliance('MemoryStore', async () => {
  let store = await openStore()
  return {
    store,
    reopen: async () => {
      await store.close()
      store = await openStore(store)
      return store
    },
    dispose: () => store.close(),
  }
})

test('a crash loses every batch after the last durable one', async () => {
  const store = await openStore()
  await store.write([put('entry', 'a', '1')], notDurable)
  await store.write([put('entry', 'b', '2')], durable)
  await store.write([put('entry', 'a', '3'), put('entry', 'c', '3')], notDurable)
  await store.write([{ kind: 'del', table: 'entry', key: bytes('b') }], notDurable)
  store.crash()
  const again = await openStore(store)
  assert.equal(await getText(again, 'entry', 'a'), '1')
  assert.equal(await getText(again, 'entry', 'b'), '2')
  assert.equal(await getText(again, 'entry', 'c'), undefined)
})

test('a crash loses a chosen number of the newest batches, and a later crash none of those it spared', async () => {
  const store = await openStore()
  for (const value of ['1', '2', '3']) await store.write([put('entry', 'a', value)], notDurable)
  assert.equal(store.disk.unsyncedBatches, 3)
  store.crash({ lost: 1 })
  const second = await openStore(store)
  assert.equal(await getText(second, 'entry', 'a'), '2')
  second.crash()
  assert.equal(await getText(await openStore(second), 'entry', 'a'), '2')
})

test('a crash cannot lose more than there is', async () => {
  const store = await openStore()
  await store.write([put('entry', 'a', '1')], notDurable)
  for (const lost of [2, -1, 0.5]) assert.throws(() => store.crash({ lost }), RangeError)
  await store.write([], durable)
  assert.throws(() => store.crash({ lost: 1 }), RangeError)
})

test('after a crash the store is closed and its disk free', async () => {
  const store = await openStore()
  store.crash()
  await assert.rejects(store.get('entry', bytes('a')), withCode('closed'))
  await openStore(store)
})

test('what a crash leaves is what the batches before the lost ones made', async () => {
  const writes = fc.array(fc.record({ batch, durable: fc.boolean() }), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(writes, fc.nat(), async (history, pick) => {
      const store = await openStore()
      for (const { batch, durable } of history) await store.write(batch, { durable })
      const lost = pick % (store.disk.unsyncedBatches + 1)
      const model = new StoreModel()
      for (const { batch } of history.slice(0, history.length - lost)) model.write(batch)
      store.crash({ lost })
      const again = await openStore(store)
      for (const table of FREE_TABLES) assert.deepEqual(await scanAll(again, table), model.scan(table))
    }),
  )
})

test('a disk belongs to one open store at a time', async () => {
  const store = await openStore()
  const second = new MemoryStore({ disk: store.disk })
  await assert.rejects(second.open(), withCode('locked'))
  await store.close()
  await second.open()
})

test('a disk that refuses writes keeps what it has', async () => {
  const store = await openStore()
  await store.write([put('entry', 'a', '1')], durable)
  store.disk.refusesWrites = true
  await assert.rejects(store.write([put('entry', 'a', '2')], durable), withCode('unavailable'))
  assert.equal(await getText(store, 'entry', 'a'), '1')
  store.disk.refusesWrites = false
  await store.write([put('entry', 'a', '3')], durable)
  assert.equal(await getText(store, 'entry', 'a'), '3')
})

async function openStore(earlier?: MemoryStore): Promise<MemoryStore> {
  const store = new MemoryStore(earlier && { disk: earlier.disk })
  await store.open()
  return store
}

function withCode(code: StoreError['code']): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code
}

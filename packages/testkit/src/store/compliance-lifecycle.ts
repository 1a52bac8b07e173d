import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Store, StoreError } from '@rollcall/core'
import { bytes, del, durable, getText, type MakeStore, notDurable, put, scanAll, withStore } from './compliance-kit.ts'

/** What a close keeps and what it ends. */
export function lifecycleCompliance(make: MakeStore): void {
  test('reopening finds what was written durably', withStore(make, reopenKeepsDurable))
  test('close flushes: reopening finds what was written without durable, too', withStore(make, closeFlushes))
  test('close lets the writes called before it finish', withStore(make, closeWaits))
  test('calls after close fail with `closed`', withStore(make, callsAfterClose))
  test('a scan under way when the store closes fails with `closed`', withStore(make, scanAtClose))
  test('close may be repeated, also at once', withStore(make, closeRepeated))
}

function isClosed(error: unknown): boolean {
  return error instanceof StoreError && error.code === 'closed'
}

async function reopenKeepsDurable(store: Store, reopen: () => Promise<Store>): Promise<void> {
  await store.write([put('entry', 'a', '1'), put('audit', [0, 255], '2'), put('beat', 'gone', '3')], durable)
  await store.write([del('beat', 'gone')], durable)
  const again = await reopen()
  assert.equal(await getText(again, 'entry', 'a'), '1')
  assert.deepEqual(await scanAll(again, 'audit'), [[[0, 255], [50]]])
  assert.deepEqual(await scanAll(again, 'beat'), [])
  await again.write([put('entry', 'a', '4')], durable)
  assert.equal(await getText(await reopen(), 'entry', 'a'), '4')
}

async function closeFlushes(store: Store, reopen: () => Promise<Store>): Promise<void> {
  await store.write([put('beat', 'a', '1')], notDurable)
  await store.write([put('beat', 'b', '2')], notDurable)
  const again = await reopen()
  assert.deepEqual(await scanAll(again, 'beat'), [
    [[97], [49]],
    [[98], [50]],
  ])
}

async function closeWaits(store: Store, reopen: () => Promise<Store>): Promise<void> {
  const writes = Array.from({ length: 50 }, (_, index) =>
    store.write([put('entry', [index], [index])], { durable: index % 2 === 0 }),
  )
  const again = await reopen()
  await Promise.all(writes)
  assert.equal((await scanAll(again, 'entry')).length, 50)
}

async function callsAfterClose(store: Store): Promise<void> {
  await store.close()
  await assert.rejects(store.get('entry', bytes('a')), isClosed)
  await assert.rejects(store.write([put('entry', 'a', '1')], durable), isClosed)
  await assert.rejects(store.write([], notDurable), isClosed)
  await assert.rejects(scanAll(store, 'entry'), isClosed)
  await assert.rejects(store.open(), isClosed)
}

async function scanAtClose(store: Store): Promise<void> {
  await store.write([put('entry', 'a'), put('entry', 'b'), put('entry', 'c')], durable)
  const scan = store.scan('entry')[Symbol.asyncIterator]()
  assert.equal((await scan.next()).done, false)
  await store.close()
  await assert.rejects(scan.next(), isClosed)
}

async function closeRepeated(store: Store): Promise<void> {
  await store.write([put('entry', 'a', '1')], notDurable)
  await Promise.all([store.close(), store.close()])
  await store.close()
}

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Level } from 'level'
import { toLevelOp } from '../src/keys.ts'
import type { ByteLevel } from '../src/level-types.ts'
import { openLevel } from '../src/open-level.ts'
import { getText, inTempDir, onLevel, openStore, put, readLines, startChild, withCode } from './store-kit.ts'

const canLimit = spawnSync('prlimit', ['--version']).status === 0

test(
  'a disk that fills up and recovers: refused batches stay refused, later ones survive',
  { timeout: 60_000, skip: canLimit ? false : 'needs prlimit to limit the size of files' },
  () =>
    inTempDir(async (location) => {
      const child = startChild('child-full-disk.ts', [location])
      assert.deepEqual(await readLines(child), [
        'before: written',
        'while full, sync: unavailable',
        'while full, again: unavailable',
        'while full, read: written before',
        'after: written',
      ])
      const store = await openStore(location)
      assert.equal(await getText(store, 'entry', 'before'), 'written before')
      assert.equal(await getText(store, 'entry', 'refused'), undefined)
      for (let index = 0; index < 20; index++) {
        assert.equal(await getText(store, 'entry', `after-${index}`), 'written after', `lost after-${index}`)
      }
      await store.close()
    }),
)

test('a failed write rejects its caller alone, and the next write succeeds', (t) =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    t.mock.method(Level.prototype, 'batch', refuse, { times: 1 })
    const refused = store.write([put('entry', 'a', '1')], { durable: true })
    await assert.rejects(refused, withCode('unavailable'))
    assert.equal(await getText(store, 'entry', 'a'), undefined)
    await store.write([put('entry', 'b', '2')], { durable: true })
    assert.equal(await getText(store, 'entry', 'a'), undefined)
    assert.equal(await getText(store, 'entry', 'b'), '2')
    await store.close()
  }))

test('a refused batch that reached the log all the same is undone before the next write', (t) =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    await store.write([put('entry', 'a', 'before'), put('entry', 'b', 'before')], { durable: true })
    t.mock.method(Level.prototype, 'batch', refuse, { times: 1 })
    const refused = [put('entry', 'a', 'refused'), put('entry', 'new', 'refused')]
    await assert.rejects(store.write(refused, { durable: true }), withCode('unavailable'))

    // After a failed sync the record is in the log, and opening LevelDB anew applies it.
    const closeLevel = Level.prototype.close
    async function closeAndRecover(this: Level): Promise<void> {
      await closeLevel.call(this)
      await onLevel(location, (db) => db.batch(refused.map(toLevelOp)))
    }
    t.mock.method(Level.prototype, 'close', closeAndRecover, { times: 1 })
    await store.write([put('entry', 'b', 'after')], { durable: true })
    assert.equal(await getText(store, 'entry', 'a'), 'before')
    assert.equal(await getText(store, 'entry', 'b'), 'after')
    assert.equal(await getText(store, 'entry', 'new'), undefined)
    await store.close()
  }))

test('a repair that fails is tried again by the next write, and by close', (t) =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    await store.write([put('entry', 'a', '1')], { durable: true })
    t.mock.method(Level.prototype, 'batch', refuse, { times: 1 })
    await assert.rejects(store.write([put('entry', 'a', '2')], { durable: true }), withCode('unavailable'))

    // Between the repair's close and its opening, somebody else takes the folder.
    const closeLevel = Level.prototype.close
    let other: ByteLevel | undefined
    async function closeAndLose(this: Level): Promise<void> {
      await closeLevel.call(this)
      other = await openLevel(location)
    }
    t.mock.method(Level.prototype, 'close', closeAndLose, { times: 1 })
    await assert.rejects(store.write([put('entry', 'a', '3')], { durable: true }), withCode('unavailable'))
    await assert.rejects(store.write([put('entry', 'a', '3')], { durable: true }), withCode('unavailable'))
    await assert.rejects(getText(store, 'entry', 'a'), withCode('unavailable'))
    await other?.close()

    await store.write([put('entry', 'b', '4')], { durable: true })
    assert.equal(await getText(store, 'entry', 'a'), '1')
    t.mock.method(Level.prototype, 'batch', refuse, { times: 1 })
    await assert.rejects(store.write([put('entry', 'a', '5')], { durable: false }), withCode('unavailable'))
    await store.close()
    const again = await openStore(location)
    assert.equal(await getText(again, 'entry', 'a'), '1')
    assert.equal(await getText(again, 'entry', 'b'), '4')
    await again.close()
  }))

async function refuse(): Promise<never> {
  throw new Error('the disk refuses')
}

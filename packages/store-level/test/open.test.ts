import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { LevelStore } from '../src/index.ts'
import { storedKey } from '../src/keys.ts'
import { MIGRATIONS, migrate } from '../src/migrations.ts'
import { bytes, getText, inTempDir, onLevel, openStore, put, readLines, startChild, withCode } from './store-kit.ts'

const VERSION_KEY = storedKey('meta', bytes('schema_version'))

test('a second instance in the same process is `locked` until the first closes', () =>
  inTempDir(async (location) => {
    const first = await openStore(location)
    const second = new LevelStore({ location })
    await assert.rejects(second.open(), withCode('locked'))
    await first.close()
    await second.open()
    await second.close()
  }))

test('a second process is `locked`', { timeout: 60_000 }, () =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    const child = startChild('child-opener.ts', [location])
    assert.deepEqual(await readLines(child), ['locked'])
    await store.close()
    const freed = startChild('child-opener.ts', [location])
    assert.deepEqual(await readLines(freed), ['open'])
    if (freed.exitCode === null) await once(freed, 'exit')
  }),
)

test('a new store has the newest schema version', () =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    assert.equal(await getText(store, 'meta', 'schema_version'), String(MIGRATIONS.at(-1)?.version))
    await store.close()
  }))

test('a store of a newer version is `too_new`, untouched and not left locked', () =>
  inTempDir(async (location) => {
    await (await openStore(location)).close()
    await onLevel(location, (db) => db.put(VERSION_KEY, bytes('2')))
    await assert.rejects(new LevelStore({ location }).open(), withCode('too_new'))
    await onLevel(location, async (db) => assert.deepEqual(Buffer.from(await db.get(VERSION_KEY)), Buffer.from('2')))
  }))

test('migrations run in order, each once, with its version in the same batch', () =>
  inTempDir(async (location) => {
    const ran: number[] = []
    const migrations = [1, 2, 3].map((version) => ({
      version,
      what: 'test',
      run: async () => {
        ran.push(version)
        return [{ type: 'put' as const, key: storedKey('audit', Uint8Array.of(version)), value: bytes('migrated') }]
      },
    }))
    await onLevel(location, async (db) => {
      await migrate(db, migrations.slice(0, 2))
      await migrate(db, migrations.slice(0, 2))
      await migrate(db, migrations)
      assert.deepEqual(ran, [1, 2, 3])
      assert.deepEqual(Buffer.from(await db.get(VERSION_KEY)), Buffer.from('3'))
      assert.equal((await db.keys().all()).length, 4)
      await assert.rejects(migrate(db, migrations.slice(0, 2)), withCode('too_new'))
    })
  }))

test('the register of migrations is numbered from 1 without a gap', () => {
  assert.deepEqual(
    MIGRATIONS.map(({ version }) => version),
    MIGRATIONS.map((_, index) => index + 1),
  )
})

test('entries without a schema version, or with an unreadable one, are `corrupt`', () =>
  inTempDir(async (location) => {
    await onLevel(location, (db) => db.put(bytes('x'), bytes('of other software')))
    await assert.rejects(new LevelStore({ location }).open(), withCode('corrupt'))
    await onLevel(location, (db) => db.put(VERSION_KEY, bytes('one')))
    await assert.rejects(new LevelStore({ location }).open(), withCode('corrupt'))
  }))

test('damaged files are `corrupt`', () =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    await store.write([put('entry', 'a', '1')], { durable: true })
    await store.close()
    const manifest = (await readdir(location)).find((file) => file.startsWith('MANIFEST'))
    await writeFile(join(location, String(manifest)), 'this is no manifest, and long enough to be read as one')
    await assert.rejects(new LevelStore({ location }).open(), withCode('corrupt'))
  }))

test('data without CURRENT is `corrupt`: LevelDB would delete it', () =>
  inTempDir(async (location) => {
    const store = await openStore(location)
    await store.write([put('entry', 'a', '1')], { durable: true })
    await store.close()
    await rm(join(location, 'CURRENT'))
    const before = await readdir(location)
    await assert.rejects(new LevelStore({ location }).open(), withCode('corrupt'))
    assert.deepEqual(await readdir(location), before)
  }))

test('a location that is no folder is `unavailable`, and opening can be tried again', () =>
  inTempDir(async (location) => {
    await writeFile(location, 'a file')
    const store = new LevelStore({ location })
    await assert.rejects(store.open(), withCode('unavailable'))
    await rm(location)
    await mkdir(location)
    await store.open()
    await store.close()
  }))

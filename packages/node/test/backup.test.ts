import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { TABLES, type Table } from '@rollcall/core'
import {
  BackupError,
  type BackupPart,
  decodeBackup,
  encodeBackup,
  KEY_FILE,
  loadNodeKey,
  makeBackup,
  type Pair,
  restoreBackup,
} from '@rollcall/node'
import { utf8 } from '@rollcall/protocol'
import { LevelStore } from '@rollcall/store-level'
import fc from 'fast-check'

const HEADER = { nodeId: 'a node', madeAt: '2026-01-01T00:00:00.000Z', software: '0.1.0' }
const SEED = new Uint8Array(32).fill(7)

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items
}

const bytesOf = async (pairs: readonly Pair[], key?: Uint8Array): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const part of encodeBackup({ header: HEADER, key, pairs: each(pairs) })) parts.push(part)
  return Buffer.concat(parts)
}

const read = async (bytes: Uint8Array, chunkBytes = 7): Promise<readonly BackupPart[]> => {
  const chunks: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += chunkBytes) chunks.push(bytes.subarray(at, at + chunkBytes))
  const parts: BackupPart[] = []
  for await (const part of decodeBackup(each(chunks))) parts.push(part)
  return parts
}

const refusedAs = (code: BackupError['code']) => (error: unknown) => error instanceof BackupError && error.code === code

const PAIRS: readonly Pair[] = [
  ['meta', utf8('a'), utf8('1')],
  ['entry', utf8('b'), new Uint8Array()],
]

test('a backup reads as it was written, however it is cut into chunks', async () => {
  const table = fc.constantFrom(...(Object.keys(TABLES) as Table[]))
  const pair = fc.tuple(table, fc.uint8Array(), fc.uint8Array())
  await fc.assert(
    fc.asyncProperty(
      fc.array(pair),
      fc.boolean(),
      fc.integer({ min: 1, max: 50 }),
      async (pairs, hasKey, chunkBytes) => {
        const parts = await read(await bytesOf(pairs, hasKey ? SEED : undefined), chunkBytes)
        const expected: BackupPart[] = [{ kind: 'header', header: HEADER }]
        if (hasKey) expected.push({ kind: 'key', seed: SEED })
        assert.deepEqual(parts, [...expected, ...pairs.map((one) => ({ kind: 'pair', pair: one }))])
      },
    ),
    { numRuns: 50 },
  )
})

test('a backup that was cut, changed or added to is refused, wherever', async () => {
  const whole = await bytesOf(PAIRS, SEED)
  for (let at = 0; at < whole.length; at++) {
    await assert.rejects(read(whole.subarray(0, at)), BackupError, `cut at ${at}`)
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ 1
    await assert.rejects(read(flipped), BackupError, `flipped at ${at}`)
  }
  await assert.rejects(read(Buffer.concat([whole, Buffer.of(0)])), refusedAs('damaged'))
  const newer = Buffer.concat([Buffer.from('rollcall backup 2\n'), whole.subarray('rollcall backup 1\n'.length)])
  await assert.rejects(read(newer), refusedAs('too_new'))
})

/** A folder for the length of a test, and in it the data folder of a node that never ran but has a store and a key. */
const withNode = async (work: (folder: string, dataDir: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-backup-'))
  const dataDir = join(folder, 'data')
  try {
    await loadNodeKey(dataDir)
    await inStore(dataDir, (store) =>
      store.write(
        PAIRS.map(([table, key, value]) => ({ kind: 'put', table, key, value })),
        { durable: true },
      ),
    )
    await work(folder, dataDir)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const inStore = async <T>(dataDir: string, work: (store: LevelStore) => Promise<T>): Promise<T> => {
  const store = new LevelStore({ location: join(dataDir, 'store') })
  await store.open()
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const rowsOf = (dataDir: string): Promise<readonly Pair[]> =>
  inStore(dataDir, async (store) => {
    const rows: Pair[] = []
    for await (const row of store.snapshot()) rows.push(row)
    return rows
  })

test('store and key come back as they were, in files that only their owner reads', () =>
  withNode(async (folder, dataDir) => {
    const file = join(folder, 'copy')
    const made = await makeBackup(dataDir, file, { overwrite: false })
    assert.equal((await stat(file)).mode & 0o777, 0o600)
    await assert.rejects(makeBackup(dataDir, file, { overwrite: false }), refusedAs('not_empty'))
    const target = join(folder, 'restored')
    const restored = await restoreBackup(file, target, { replace: false })
    assert.deepEqual([restored.nodeId, restored.hasKey, restored.rows], [made.nodeId, true, made.rows])
    assert.deepEqual(await rowsOf(target), await rowsOf(dataDir))
    assert.deepEqual(await readFile(join(target, KEY_FILE)), await readFile(join(dataDir, KEY_FILE)))
    assert.equal((await stat(join(target, KEY_FILE))).mode & 0o777, 0o600)
    assert.deepEqual((await readdir(target)).sort(), [KEY_FILE, 'store'])
  }))

test('a folder that is not empty is left alone, or moved aside when told to', () =>
  withNode(async (folder, dataDir) => {
    const file = join(folder, 'copy')
    await makeBackup(dataDir, file, { overwrite: false })
    await assert.rejects(restoreBackup(file, dataDir, { replace: false }), refusedAs('not_empty'))
    await writeFile(join(dataDir, 'notes'), 'mine')
    const { movedTo } = await restoreBackup(file, dataDir, { replace: true })
    assert.deepEqual((await readdir(movedTo ?? '')).sort(), ['notes', 'store'])
    assert.equal((await rowsOf(dataDir)).length, PAIRS.length + 1)
  }))

test('a crash between key and store leaves a folder into which the same backup can be restored', () =>
  withNode(async (folder, dataDir) => {
    const file = join(folder, 'copy')
    await makeBackup(dataDir, file, { overwrite: false })
    await rm(join(dataDir, 'store'), { recursive: true })
    await restoreBackup(file, dataDir, { replace: false })
    assert.equal((await rowsOf(dataDir)).length, PAIRS.length + 1)
  }))

test('a damaged file changes nothing, and a store in use is neither copied nor replaced', () =>
  withNode(async (folder, dataDir) => {
    const file = join(folder, 'copy')
    await makeBackup(dataDir, file, { overwrite: false })
    const cut = join(folder, 'cut')
    await writeFile(cut, (await readFile(file)).subarray(0, -1))
    const target = join(folder, 'target')
    await assert.rejects(restoreBackup(cut, target, { replace: true }), refusedAs('damaged'))
    await assert.rejects(readdir(target))
    await assert.rejects(restoreBackup(join(folder, 'none'), target, { replace: true }), refusedAs('not_found'))
    await assert.rejects(makeBackup(target, join(folder, 'other'), { overwrite: false }), refusedAs('not_found'))
    await inStore(dataDir, async () => {
      await assert.rejects(makeBackup(dataDir, join(folder, 'other'), { overwrite: false }), refusedAs('in_use'))
      await assert.rejects(restoreBackup(file, dataDir, { replace: true }), refusedAs('in_use'))
    })
  }))

test('a copy whose store is of a newer schema is refused before anything is moved', () =>
  withNode(async (folder, dataDir) => {
    const file = join(folder, 'newer')
    await writeFile(file, await bytesOf([...PAIRS, ['meta', utf8('schema_version'), utf8('999')]], SEED))
    await assert.rejects(restoreBackup(file, dataDir, { replace: true }), refusedAs('too_new'))
    assert.deepEqual((await readdir(dataDir)).sort(), [KEY_FILE, 'store'])
    assert.equal((await rowsOf(dataDir)).length, PAIRS.length + 1)
  }))

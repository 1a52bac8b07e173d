import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { LevelStore } from '../src/index.ts'
import { getText, inTempDir, openStore, readLines, startChild } from './store-kit.ts'

const ROUNDS = 4
const KILL_AFTER = 400

test('L5, T1: kill -9 loses no acknowledged durable batch and leaves none in half', { timeout: 120_000 }, () =>
  inTempDir(async (location) => {
    const acknowledged: string[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const lines = await writeUntilKilled(location, `r${round}`)
      assert.equal(lines.length >= KILL_AFTER, true, `only ${lines.length} acknowledged in round ${round}`)
      acknowledged.push(...lines)
      const store = await openStore(location)
      await checkStore(store, acknowledged)
      await store.close()
    }
  }),
)

/** The names of the batches a child acknowledged before it was killed in the midst of its work. */
async function writeUntilKilled(location: string, prefix: string): Promise<string[]> {
  const child = startChild('child-writer.ts', [location, prefix])
  const exited = once(child, 'exit')
  let count = 0
  const lines = await readLines(child, () => {
    count++
    if (count === KILL_AFTER) child.kill('SIGKILL')
  })
  assert.deepEqual(await exited, [null, 'SIGKILL'])
  return lines
}

async function checkStore(store: LevelStore, acknowledged: readonly string[]): Promise<void> {
  for (const name of acknowledged) {
    assert.equal(await getText(store, 'entry', name), `value of ${name}`, `${name} was acknowledged and is lost`)
  }
  const entries = new Set<string>()
  for await (const [key] of store.scan('entry')) entries.add(new TextDecoder().decode(key))
  let audited = 0
  for await (const [key] of store.scan('audit')) {
    audited++
    assert.equal(entries.has(new TextDecoder().decode(key)), true, 'half a batch')
  }
  assert.equal(audited, entries.size, 'half a batch')
}

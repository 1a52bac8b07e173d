import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { loadHasher, runHistory } from '@rollcall/simulator'

const traceOf = async (seed: string): Promise<{ lines: number; hash: string }> => {
  const hash = createHash('sha256')
  let lines = 0
  const onLine = (line: string): void => {
    hash.update(`${line}\n`)
    lines++
  }
  await runHistory({ seed, hasher: await loadHasher(), onLine, plan: { stormMs: 400_000 } })
  return { lines, hash: hash.digest('hex') }
}

test('one seed is one history: its trace is the same byte for byte, and that of another seed is not', async () => {
  const first = await traceOf('determinism')
  assert.ok(first.lines > 500, `a history of ${first.lines} lines proves little`)
  assert.deepEqual(await traceOf('determinism'), first)
  assert.notEqual((await traceOf('another')).hash, first.hash)
})

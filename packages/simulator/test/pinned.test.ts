/** Every seed that ever failed, as a whole history. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadHasher, PINNED, runHistory } from '@rollcall/simulator'

const hasher = await loadHasher()

for (const { seed, found } of PINNED) {
  test(`seed ${seed} stays mended: ${found}`, async () => {
    const { failure } = await runHistory({ seed, hasher })
    assert.equal(failure, undefined, `npm run sim -- --seed ${seed} --trace`)
  })
}

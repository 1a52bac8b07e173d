/** Whole histories: every seed that ever failed, and some that never did. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadHasher, PINNED, runHistory } from '@rollcall/simulator'

const hasher = await loadHasher()
const ORDINARY = 20

for (const { seed, found } of PINNED) {
  test(`seed ${seed} stays mended: ${found}`, async () => {
    const { failure } = await runHistory({ seed, hasher })
    assert.equal(failure, undefined, `npm run sim -- --seed ${seed} --trace`)
  })
}

test(`${ORDINARY} ordinary seeds break no rule`, async () => {
  for (let seed = 1; seed <= ORDINARY; seed++) {
    // The short times and a short storm: many transitions for little work.
    const { failure } = await runHistory({ seed: `${seed}`, hasher, plan: { profile: 'fast', stormMs: 60_000 } })
    assert.equal(failure, undefined, `npm run sim -- --seed ${seed} --profile fast --hours ${60 / 3600} --trace`)
  }
})

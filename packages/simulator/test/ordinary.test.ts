/** Whole histories of seeds that never broke a rule: nothing new does. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadHasher, runHistory } from '@rollcall/simulator'

const hasher = await loadHasher()
const ORDINARY = 20

test(`${ORDINARY} ordinary seeds break no rule`, async () => {
  for (let seed = 1; seed <= ORDINARY; seed++) {
    // The short times and a short storm: many transitions for little work.
    const { failure } = await runHistory({
      seed: `${seed}`,
      hasher,
      plan: { profile: 'fast', stormMs: 30_000, agents: 6 },
    })
    assert.equal(
      failure,
      undefined,
      `npm run sim -- --seed ${seed} --profile fast --hours ${30 / 3600} --agents 6 --trace`,
    )
  }
})

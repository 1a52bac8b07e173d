/** Halves that were split, and changed apart, come to hold the same soon after the links are mended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Healing, type HealingInit, loadHasher, measureHealing } from '@rollcall/simulator'

const HEALED_MS = 10_000
const hasher = await loadHasher()

const healed = (init: Partial<HealingInit> = {}): Promise<Healing> =>
  measureHealing({ seed: 'healing', hasher, sides: [2, 1], entries: 600, changes: 60, splitMs: 600_000, ...init })

test('S1: after ten minutes apart, with changes on both sides, sync makes three nodes equal within 10 s', async () => {
  // Restarted, no node keeps messages that others missed: what arrives, sync has brought. With this
  // seed no turn of the interval falls into the ten seconds: what tells them to sync is that their digests differ.
  const { equalMs, syncs, takenIn, lacking } = await healed({ seed: 's', restarts: true })
  assert.ok(equalMs <= HEALED_MS, `equal after ${equalMs} ms`)
  assert.ok(syncs.repaired > 0)
  assert.ok(takenIn >= lacking, `${takenIn} entries came, and ${lacking} were lacking`)
  assert.ok(takenIn <= 1.5 * lacking, `${takenIn} entries came, and no more than ${lacking} were lacking`)
})

test('G4: of few changes, the gossip that nodes keep for one another brings all, and no sync is needed', async () => {
  const { equalMs, takenIn } = await healed()
  assert.ok(equalMs <= HEALED_MS, `equal after ${equalMs} ms`)
  assert.equal(takenIn, 0)
})

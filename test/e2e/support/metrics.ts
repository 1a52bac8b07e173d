/** Metrics of a node, as Prometheus would scrape them. */
import assert from 'node:assert/strict'
import { BEAT_OUTCOMES, type BeatOutcome } from '@rollcall/protocol'
import { until } from './wait.ts'

/** Every sample, by name and labels as they are written: `rollcall_entities{status="active"}`. */
export const metricsOf = async (url: string): Promise<ReadonlyMap<string, number>> => {
  const response = await fetch(`${url}/metrics`)
  const text = await response.text()
  assert.equal(response.status, 200, text)
  const samples = new Map<string, number>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^(rollcall_\S+) (\S+)$/.exec(line) ?? []
    if (name !== undefined) samples.set(name, Number(value))
  }
  return samples
}

export type BeatCounts = Partial<Record<BeatOutcome, number>>

/** How many beats ended in each outcome (L9); outcomes without a beat are left out. */
export const beatCounts = async (url: string): Promise<BeatCounts> => {
  const samples = await metricsOf(url)
  const counts: BeatCounts = {}
  for (const outcome of BEAT_OUTCOMES) {
    const count = samples.get(`rollcall_heartbeats_total{outcome="${outcome}"}`) ?? 0
    if (count > 0) counts[outcome] = count
  }
  return counts
}

const total = (counts: BeatCounts): number => Object.values(counts).reduce((sum, count) => sum + count, 0)

const difference = (after: BeatCounts, before: BeatCounts): BeatCounts =>
  Object.fromEntries(
    Object.entries(after)
      .map(([outcome, count]) => [outcome, count - (before[outcome as BeatOutcome] ?? 0)] as const)
      .filter(([, count]) => count !== 0),
  )

/** Runs `act` and asserts that the node counted exactly `expected` meanwhile: one outcome for each beat, and no other (L9). */
export const expectBeats = async (url: string, expected: BeatCounts, act: () => Promise<void>): Promise<void> => {
  const before = await beatCounts(url)
  await act()
  let counted: BeatCounts = {}
  await until(5_000, `${total(expected)} beats counted`, async () => {
    counted = difference(await beatCounts(url), before)
    return total(counted) >= total(expected)
  })
  assert.deepEqual(counted, expected)
}

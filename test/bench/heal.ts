/**
 * Five nodes in two halves that cannot reach each other, with different changes on each side; then the links are mended.
 * What happened in the ten minutes before stands in their stores when they start, signed as if it had come over HTTP: nodes
 * that have just started and know nothing of each other's gossip.
 */
import { loadNodeKey } from '@rollcall/node'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { type BenchNode, BenchNodes } from './bench-node.ts'
import { figuresOf, halfOf, heal, NODES, startAll, untilHalvesAreWhole } from './halves.ts'
import { sideOfSplit } from './seed/split.ts'
import { LargeStore } from './seed/stores.ts'

const SPLIT_MS = 10 * 60_000

const prepare = async (store: LargeStore, nodes: readonly BenchNode[], changes: number): Promise<void> => {
  const nowMs = Date.now()
  for (const side of [0, 1]) {
    const mine = halfOf(nodes, side)
    const [first] = mine
    if (first === undefined) throw new Error('a side has nodes')
    const attendant = await loadNodeKey(first.dataDir)
    const times = { fromMs: nowMs - SPLIT_MS, toMs: nowMs - 1_000 }
    const { shared, attendants } = sideOfSplit({ store, side, changes, attendant, ...times })
    for (const node of mine) await store.copyTo(node.dataDir, node === first ? [...shared, ...attendants] : shared)
  }
}

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const store = await LargeStore.of(quick ? 5_000 : 100_000, say)
  const changes = quick ? 500 : 10_000
  const all = await BenchNodes.of(NODES, [])
  try {
    say(`signing ${changes} changes on each side`)
    await prepare(store, all.nodes, changes)
    say(`starting ${all.nodes.length} nodes with ${store.count} entries`)
    await startAll(all.nodes, { apart: true })
    await untilHalvesAreWhole(all.nodes)
    say('mending the links')
    return figuresOf(await heal(all.nodes), changes)
  } finally {
    await all.stop()
  }
}

export const healing: Bench = {
  name: 'heal',
  what: 'five nodes with 100 000 entries, split in halves with 10 000 changes on each side, are joined again',
  run,
}

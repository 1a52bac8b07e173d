/**
 * A split of nodes that run: five of them with the same hundred thousand entries, whose halves are cut off each other. For
 * three minutes both sides take changes over HTTP and WebSocket from clients of their own; then the links are mended. What
 * they do is what nodes do that have been up for a while, and clients stay with them.
 */
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { BenchNodes } from './bench-node.ts'
import { cutHalves, figuresOf, halfOf, heal, NODES, startAll, untilHalvesAreWhole, untilOne } from './halves.ts'
import { Commanded } from './load/commanded.ts'
import type { ChangeSide } from './load/side.ts'
import { LargeStore } from './seed/stores.ts'

const CLIENTS = new URL('./load/side.ts', import.meta.url)
const SPLIT_MINUTES = 3
const SETTINGS = ['limits.registrations_per_address_per_minute=0']

const healingOf =
  (changesOfSide: number) =>
  async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
    const store = await LargeStore.of(quick ? 5_000 : 100_000, say)
    const changes = changesOfSide / (quick ? 20 : 1)
    const forMs = (SPLIT_MINUTES * 60_000) / (quick ? 20 : 1)
    const all = await BenchNodes.of(NODES, SETTINGS)
    const clients = [new Commanded<ChangeSide>(CLIENTS), new Commanded<ChangeSide>(CLIENTS)]
    try {
      const { nodes } = all
      for (const node of nodes) await store.copyTo(node.dataDir)
      say(`starting ${nodes.length} nodes with ${store.count} entries`)
      await startAll(nodes, { apart: false })
      await untilOne(nodes)
      await cutHalves(nodes)
      await untilHalvesAreWhole(nodes)
      say(`cut for ${(forMs / 60_000).toPrecision(2)} minutes, ${changes} changes on each side`)
      await Promise.all(
        clients.map((client, side) => {
          const registries = halfOf(nodes, side).map((node) => node.url)
          return client.do({ registries, side, changes, entities: store.count, forMs })
        }),
      )
      await untilHalvesAreWhole(nodes)
      say('mending the links')
      return figuresOf(await heal(nodes), changes)
    } finally {
      await Promise.all(clients.map((client) => client.end()))
      await all.stop()
    }
  }

export const healingLive: Bench = {
  name: 'heal-live',
  what: 'five nodes that run with 100 000 entries, cut in halves for three minutes of 10 000 changes on each side',
  run: healingOf(10_000),
}

export const healingLiveCalm: Bench = {
  name: 'heal-live-calm',
  what: 'the same with 3 000 changes on each side',
  run: healingOf(3_000),
}

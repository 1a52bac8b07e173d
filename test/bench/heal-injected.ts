/**
 * The healing of `heal` in simulated time: real runtimes in one process, whose clock is moved from event to event. Computing
 * then takes no time, however few cores there are, so what is measured is what the nodes wait for: the way of their messages,
 * and one another. What computing costs, `heal` measures.
 */
import type { Healing } from '@rollcall/simulator'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import type { HealInjectedInput } from './load/heal-injected.ts'
import { inOtherProcess } from './load/other-process.ts'

const PROGRAM = new URL('./load/heal-injected.ts', import.meta.url)
const SPLIT_MS = 10 * 60_000
/** Five nodes with 100 000 entries each, and their disks, are more than Node gives a process by itself. */
const HEAP = ['--max-old-space-size=8192', '--max-semi-space-size=128']

const figuresOf = (healing: Healing, changes: number): readonly Figure[] => {
  const { linkedMs, equalMs, requests, bytes, syncs, takenIn, lacking } = healing
  return [
    { what: 'changes on each side', value: changes, unit: '' },
    { what: 'all links stand, simulated time after the split', value: linkedMs / 1_000, unit: 's' },
    {
      what: 'equal digests, simulated time after the split',
      value: equalMs / 1_000,
      unit: 's',
      goal: { is: 'at most', value: 10 },
    },
    { what: 'requests, all nodes', value: requests, unit: '' },
    { what: 'syncs that repaired', value: syncs.repaired, unit: '' },
    { what: 'syncs that found a node busy', value: syncs.busy, unit: '' },
    { what: 'syncs that failed', value: syncs.failed, unit: '' },
    {
      what: 'sent between two nodes of different halves, mean',
      value: bytes.reduce((sum, of) => sum + of, 0) / bytes.length / 1e6,
      unit: 'MB',
    },
    { what: 'sent between two nodes of different halves, most', value: Math.max(...bytes) / 1e6, unit: 'MB' },
    { what: 'entries that syncs brought a node, for each it lacked', value: takenIn / lacking, unit: '' },
  ]
}

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const changes = quick ? 500 : 10_000
  const input: HealInjectedInput = {
    seed: 'healing',
    sides: [3, 2],
    entries: quick ? 5_000 : 100_000,
    changes,
    splitMs: SPLIT_MS,
    // Few changes are all among the gossip that nodes keep for one another: without this no sync would be needed.
    restarts: quick,
  }
  say('messages take 1 to 5 ms on each link, as in a quiet local network')
  return figuresOf(await inOtherProcess<Healing>(PROGRAM, input, HEAP), changes)
}

export const healInjected: Bench = {
  name: 'heal-injected',
  what: 'the same in simulated time, in which computing takes none',
  run,
}

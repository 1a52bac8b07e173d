/**
 * Simulated time per second of real time: whole histories of 5 nodes and 500 entities at the shipping times, every checker
 * on, on two processes. Once with a cluster in ordinary use (an entity does something every two hours and beats in
 * between), once with the restless one of the random histories (something every six minutes). There is no rival: the ratio
 * to real time is the figure.
 */
import { availableParallelism } from 'node:os'
import type { PlanOptions } from '@rollcall/simulator'
import { runPool } from '../../scripts/sim/pool.ts'
import { Totals } from '../../scripts/sim/result.ts'
import type { Bench, BenchOptions, Figure } from './bench.ts'

const NODES = 5
const AGENTS = 500
const HOUR = 3_600_000

const measure = async (what: string, plan: PlanOptions): Promise<Figure[]> => {
  const totals = new Totals()
  const seeds = ['speed-1', 'speed-2']
  const startedMs = performance.now()
  await runPool({ size: seeds.length, plan, next: () => seeds.shift(), onResult: (result) => totals.add(result) })
  const seconds = (performance.now() - startedMs) / 1000
  const [failed] = totals.failed
  if (failed !== undefined) throw new Error(`seed ${failed.seed}: ${failed.failure?.sentence}`)
  return [
    {
      what: `${what}: simulated over real time`,
      value: totals.simulatedMs / 1000 / seconds,
      unit: '×',
      goal: { is: 'at least', value: 1_000 },
    },
    { what: `${what}: events`, value: totals.events / seconds, unit: '/s' },
  ]
}

export const sim: Bench = {
  name: 'sim',
  what: `histories of ${NODES} nodes and ${AGENTS} entities in the simulator, against real time`,
  run: async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
    const of = { nodes: NODES, agents: AGENTS, profile: 'default' } as const
    say(`${availableParallelism()} cores, two processes`)
    const ordinary = await measure('in ordinary use', { ...of, deedIntervals: 240, stormMs: (quick ? 1 : 5) * HOUR })
    const restless = await measure('restless', { ...of, stormMs: (quick ? 0.2 : 1) * HOUR })
    return [...ordinary, ...restless]
  },
}

import { registerAll, signRegistrations } from '../e2e/support/crowd.ts'
import { beatCounts, metricsOf } from '../e2e/support/metrics.ts'
import { Cluster, type NodeProcess } from '../e2e/support/node-process.ts'
import type { Bench, BenchOptions, Figure, Goal } from './bench.ts'
import { cpuSecondsOf } from './cpu.ts'
import type { BeatsInput, BeatsOutput } from './load/beats.ts'
import { inOtherProcess } from './load/other-process.ts'
import type { VerifyOutput } from './load/verify.ts'

const SESSIONS = 40
const AGENTS_PER_SESSION = 25
const SETTINGS = ['limits.registrations_per_address_per_minute=0', 'limits.frames_per_second_per_socket=100000']

const verifiedAlone = (signatures: number): Promise<VerifyOutput> =>
  inOtherProcess<VerifyOutput>(new URL('./load/verify.ts', import.meta.url), { signatures })

const beatLoad = (input: BeatsInput): Promise<BeatsOutput> =>
  inOtherProcess<BeatsOutput>(new URL('./load/beats.ts', import.meta.url), input)

const writesOf = async (url: string): Promise<number> => {
  const samples = await metricsOf(url)
  const count = (durable: boolean): number =>
    samples.get(`rollcall_store_write_seconds_count{durable="${durable}"}`) ?? 0
  return count(true) + count(false)
}

interface Measured {
  /** Verification alone, before and after the rest: a busy machine shows in the difference. */
  readonly alone: readonly VerifyOutput[]
  readonly full: BeatsOutput
  readonly half: BeatsOutput
  /** Beats that the node counted as accepted at full load, what it wrote, and its processor time. */
  readonly counted: number
  readonly writes: number
  readonly cpuSeconds: number | undefined
}

const measure = async (node: NodeProcess, { quick, say }: BenchOptions): Promise<Measured> => {
  const beatsPerAgent = quick ? 4 : 16
  const signatures = quick ? 4_000 : 20_000
  say('registering the agents')
  const refused = await registerAll(node.url, signRegistrations('beats', SESSIONS * AGENTS_PER_SESSION))
  if (refused.length > 0) throw new Error(`not registered: ${JSON.stringify(refused[0])}`)
  const input = { url: node.url, prefix: 'beats', sessions: SESSIONS, agentsPerSession: AGENTS_PER_SESSION, window: 16 }
  // The first beat of each is a transition, and written; what is measured is the ordinary one.
  await beatLoad({ ...input, beatsPerAgent: 1 })
  say('verifying signatures alone')
  const before = await verifiedAlone(signatures)
  say('beats as fast as they are acknowledged')
  const state = async () => ({
    beats: await beatCounts(node.url),
    writes: await writesOf(node.url),
    cpu: cpuSecondsOf(node.pid),
  })
  const first = await state()
  const full = await beatLoad({ ...input, beatsPerAgent })
  const last = await state()
  say('beats at half of that rate')
  const beatsPerSecond = full.acknowledged / full.seconds / 2
  const half = await beatLoad({ ...input, beatsPerAgent: beatsPerAgent / 2, beatsPerSecond })
  return {
    alone: [before, await verifiedAlone(signatures)],
    full,
    half,
    counted: (last.beats.accepted ?? 0) - (first.beats.accepted ?? 0),
    writes: last.writes - first.writes,
    cpuSeconds: last.cpu === undefined || first.cpu === undefined ? undefined : last.cpu - first.cpu,
  }
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const NONE: Goal = { is: 'at most', value: 0 }

const figuresOf = ({ alone, full, half, counted, writes, cpuSeconds }: Measured): readonly Figure[] => {
  const ceiling = mean(alone.map(({ perSecond }) => perSecond))
  const perSecond = full.acknowledged / full.seconds
  const lost = full.sent - full.acknowledged + half.sent - half.acknowledged
  const cpu: readonly Figure[] =
    cpuSeconds === undefined
      ? []
      : [
          {
            what: 'processor time of a verification alone',
            value: mean(alone.map(({ cpuMicros }) => cpuMicros)),
            unit: 'µs',
          },
          { what: 'processor time of the node for a beat', value: (cpuSeconds * 1e6) / full.acknowledged, unit: 'µs' },
        ]
  return [
    { what: 'verified alone', value: ceiling, unit: '/s' },
    { what: 'verified, applied, counted and acknowledged', value: perSecond, unit: '/s' },
    { what: 'ratio', value: perSecond / ceiling, unit: '', goal: { is: 'at least', value: 0.6 } },
    ...cpu,
    { what: 'not acknowledged', value: lost, unit: 'beats', goal: NONE },
    { what: 'acknowledged but not counted as accepted', value: full.acknowledged - counted, unit: 'beats', goal: NONE },
    { what: 'writes to disk', value: (writes * 1_000) / full.acknowledged, unit: 'a thousand beats' },
    { what: 'acceptance at full load, p50', value: full.p50Ms, unit: 'ms' },
    { what: 'acceptance at full load, p99', value: full.p99Ms, unit: 'ms' },
    { what: 'acceptance at half load, p50', value: half.p50Ms, unit: 'ms' },
    { what: 'acceptance at half load, p99', value: half.p99Ms, unit: 'ms', goal: { is: 'at most', value: 50 } },
  ]
}

const run = async (options: BenchOptions): Promise<readonly Figure[]> => {
  const cluster = await Cluster.start(1, SETTINGS)
  try {
    return figuresOf(await measure(cluster.node(0), options))
  } finally {
    await cluster.stop()
  }
}

export const beats: Bench = {
  name: 'beats',
  what: 'signed native beats over WebSockets to one node, against asynchronous verification of their signatures alone',
  run,
}

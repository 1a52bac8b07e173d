import { metricsOf } from '../e2e/support/metrics.ts'
import { Cluster } from '../e2e/support/node-process.ts'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { cpuSecondsOf } from './cpu.ts'
import { inOtherProcess } from './load/other-process.ts'
import type { RegisterOutput } from './load/register.ts'
import type { VerifyOutput } from './load/verify.ts'

const CONCURRENCY = 64

const load = (url: string, prefix: string, count: number): Promise<RegisterOutput> =>
  inOtherProcess<RegisterOutput>(new URL('./load/register.ts', import.meta.url), {
    url,
    prefix,
    count,
    concurrency: CONCURRENCY,
  })

const syncedWrites = async (url: string): Promise<number> =>
  (await metricsOf(url)).get('rollcall_store_write_seconds_count{durable="true"}') ?? 0

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const count = quick ? 1_000 : 5_000
  const cluster = await Cluster.start(1, ['limits.registrations_per_address_per_minute=0'])
  try {
    const node = cluster.node(0)
    say('verifying signatures alone')
    const signatures = quick ? 4_000 : 20_000
    const alone = await inOtherProcess<VerifyOutput>(new URL('./load/verify.ts', import.meta.url), { signatures })
    await load(node.url, 'warm', 500)
    say(`${count} registrations, ${CONCURRENCY} at a time`)
    const [writesBefore, cpuBefore] = [await syncedWrites(node.url), cpuSecondsOf(node.pid)]
    const done = await load(node.url, 'register', count)
    const [writes, cpu] = [(await syncedWrites(node.url)) - writesBefore, cpuSecondsOf(node.pid)]
    const perSecond = done.registered / done.seconds
    const used = cpu === undefined || cpuBefore === undefined ? undefined : cpu - cpuBefore
    return [
      { what: 'verified alone', value: alone.perSecond, unit: '/s' },
      { what: 'registered, synced to disk before the answer', value: perSecond, unit: '/s' },
      { what: 'ratio', value: perSecond / alone.perSecond, unit: '' },
      ...(used === undefined
        ? []
        : [
            {
              what: 'registered in a second of the node’s processor',
              value: done.registered / used,
              unit: '/s',
              goal: { is: 'at least', value: 2_000 },
            } as const,
          ]),
      { what: 'refused', value: done.refused, unit: '', goal: { is: 'at most', value: 0 } },
      { what: 'registrations that share a sync', value: done.registered / Math.max(1, writes), unit: '' },
      { what: 'answer, p50', value: done.p50Ms, unit: 'ms' },
      { what: 'answer, p99', value: done.p99Ms, unit: 'ms' },
    ]
  } finally {
    await cluster.stop()
  }
}

export const register: Bench = {
  name: 'register',
  what: 'signed registrations over HTTP to one node, each on disk before its answer',
  run,
}

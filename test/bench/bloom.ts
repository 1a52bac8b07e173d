/**
 * Rebuilds the filter of a real node over half a million words while agents beat on it. The words are those of entities
 * that are registered and active there, as in life; a short rebuild interval brings several rebuilds into the time.
 */
import bloomFilters from 'bloom-filters'
import { agentsCalled, inParallel } from '../e2e/support/crowd.ts'
import { metricsOf } from '../e2e/support/metrics.ts'
import { NativeSession } from '../e2e/support/native-agent.ts'
import { Cluster, type NodeProcess } from '../e2e/support/node-process.ts'
import { until } from '../e2e/support/wait.ts'
import type { ZyndAgent } from '../e2e/support/zynd-agent.ts'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import type { AgentsOutput } from './load/agents.ts'
import { inOtherProcess } from './load/other-process.ts'

const AGENTS = 200
const TAGS = 20
const WORDS_PER_TAG = 12
const WORDS_PER_ENTITY = TAGS * WORDS_PER_TAG
const PER_HELLO = 64
const STOCK_WORDS = 20_000
const SETTINGS = [
  'heartbeat.interval_seconds=1',
  'heartbeat.max_clock_skew_seconds=20',
  'bloom.rebuild_interval_seconds=4',
  'limits.registrations_per_address_per_minute=0',
]

/** Words of four letters and digits, no two alike: `aaaa`, `aaab`, … */
const word = (number: number): string => (number + 36 ** 3 * 10).toString(36)

const tagsOf = (entity: number): string[] =>
  Array.from({ length: TAGS }, (_, tag) =>
    Array.from({ length: WORDS_PER_TAG }, (_, at) => word(entity * WORDS_PER_ENTITY + tag * WORDS_PER_TAG + at)).join(
      ' ',
    ),
  )

const registerAndBeat = async (
  node: NodeProcess,
  agents: readonly ZyndAgent[],
  tags: (at: number) => string[],
): Promise<void> => {
  await inParallel([...agents.entries()], 50, async ([at, agent]) => {
    const reply = await agent.register(node.url, { tags: tags(at) })
    if (reply.status !== 201) throw new Error(JSON.stringify(reply.body))
  })
  for (let at = 0; at < agents.length; at += PER_HELLO) {
    const some = agents.slice(at, at + PER_HELLO)
    const session = await NativeSession.open(node.url, some)
    for (const agent of some) session.socket.send(session.frame(agent))
    for (const _ of some) await session.socket.nextOf('ack')
    await session.socket.close()
  }
}

/** What the node says of its event loop in each window of five seconds, and of the rebuilds that ended meanwhile. */
interface Watched {
  /** The worst of the 99th percentiles of the windows, and the longest delay of all, seconds. */
  p99: number
  longest: number
  rebuilds: number
  rebuildSeconds: number
}

const watch = async (node: NodeProcess, isOver: () => boolean): Promise<Watched> => {
  const read = async (): Promise<Watched> => {
    const samples = await metricsOf(node.url)
    const of = (name: string): number => samples.get(`rollcall_${name}`) ?? 0
    return {
      p99: of('event_loop_lag_seconds{quantile="0.99"}'),
      longest: of('event_loop_lag_seconds{quantile="1"}'),
      rebuilds: of('bloom_rebuild_seconds_count'),
      rebuildSeconds: of('bloom_rebuild_seconds_sum'),
    }
  }
  const first = await read()
  let last = first
  const worst = { p99: 0, longest: 0 }
  // The window that was open when this began holds what came before; only those after it count.
  for (let window = 0; !isOver(); window++) {
    const { value: next } = await until(20_000, 'the next window of the event loop', async () => {
      const now = await read()
      return isOver() || now.longest !== last.longest ? now : undefined
    })
    if (window > 0 && next.longest !== last.longest) {
      worst.p99 = Math.max(worst.p99, next.p99)
      worst.longest = Math.max(worst.longest, next.longest)
    }
    last = next
  }
  return {
    ...worst,
    rebuilds: last.rebuilds - first.rebuilds,
    rebuildSeconds: last.rebuildSeconds - first.rebuildSeconds,
  }
}

/** Lets the agents beat for so long, and watches the node meanwhile. */
const watchBeats = async (node: NodeProcess, seconds: number): Promise<readonly [AgentsOutput, Watched]> => {
  let isOver = false
  const input = { url: node.url, prefix: 'beating', count: AGENTS, seconds }
  const beating = inOtherProcess<AgentsOutput>(new URL('./load/agents.ts', import.meta.url), input).finally(() => {
    isOver = true
  })
  return Promise.all([beating, watch(node, () => isOver)])
}

/** Adds a second by the hashing that the library comes with. */
const stockAddsPerSecond = (): number => {
  const filter = bloomFilters.BloomFilter.create(STOCK_WORDS, 0.01)
  const startedMs = performance.now()
  for (let at = 0; at < STOCK_WORDS; at++) filter.add(word(at))
  return (STOCK_WORDS * 1_000) / (performance.now() - startedMs)
}

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const words = quick ? 100_000 : 500_000
  const cluster = await Cluster.start(1, SETTINGS)
  try {
    const node = cluster.node(0)
    const entities = Math.ceil(words / WORDS_PER_ENTITY)
    await inParallel(agentsCalled('beating', AGENTS), 50, async (agent) => void (await agent.register(node.url)))
    say(`${AGENTS} agents beat while there are no words`)
    const [, before] = await watchBeats(node, 8)
    say(`registering ${entities} active entities with ${words} words`)
    await registerAndBeat(node, agentsCalled('wordy', entities), tagsOf)
    say(`${AGENTS} agents beat while the words are rebuilt`)
    const [agents, during] = await watchBeats(node, 12)
    const wordsPerSecond = (words * during.rebuilds) / during.rebuildSeconds
    const stock = stockAddsPerSecond()
    return [
      { what: 'words of active entities', value: words, unit: '' },
      { what: 'rebuilds meanwhile', value: during.rebuilds, unit: '' },
      { what: 'one rebuild', value: during.rebuildSeconds / during.rebuilds, unit: 's' },
      { what: 'words rebuilt', value: wordsPerSecond, unit: '/s' },
      { what: 'words added with the library’s own hashing', value: stock, unit: '/s' },
      { what: 'ratio', value: wordsPerSecond / stock, unit: '', goal: { is: 'at least', value: 5 } },
      { what: 'event loop delay without words, p99', value: before.p99 * 1_000, unit: 'ms' },
      {
        what: 'event loop delay during rebuilds, p99',
        value: during.p99 * 1_000,
        unit: 'ms',
        goal: { is: 'at most', value: 20 },
      },
      { what: 'event loop delay without words, longest', value: before.longest * 1_000, unit: 'ms' },
      { what: 'event loop delay during rebuilds, longest', value: during.longest * 1_000, unit: 'ms' },
      { what: 'beats acknowledged during rebuilds', value: agents.acknowledged, unit: '' },
      { what: 'beats or connections that failed', value: agents.failed, unit: '', goal: { is: 'at most', value: 0 } },
      { what: 'longest time between two acknowledgements of an agent', value: agents.longestGapMs, unit: 'ms' },
    ]
  } finally {
    await cluster.stop()
  }
}

export const bloom: Bench = {
  name: 'bloom',
  what: 'the filter rebuilt over 500 000 words while 200 agents beat: delay of the event loop, and beats lost',
  run,
}

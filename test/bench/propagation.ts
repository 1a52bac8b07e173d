/** An entity that becomes active on one node is found on every other; against bare messages between as many processes. */
import { setTimeout as pause } from 'node:timers/promises'
import { agentsCalled, registerAll, signRegistrations } from '../e2e/support/crowd.ts'
import { freePort } from '../e2e/support/free-port.ts'
import { NativeSession } from '../e2e/support/native-agent.ts'
import { until } from '../e2e/support/wait.ts'
import type { Bench, BenchOptions, Figure } from './bench.ts'
import { type BenchNode, BenchNodes, untilEqual } from './bench-node.ts'
import type { GossipCommand } from './load/bare-gossip.ts'
import { Commanded } from './load/commanded.ts'
import { quantiles } from './load/other-process.ts'

const SIZES = [3, 5]
const EVERY_MS = 50
/** What one activation takes on the wire, about. */
const MESSAGE_BYTES = 900
const WINDOW_MS = 50
const SETTINGS = ['limits.registrations_per_address_per_minute=0', `gossip.batch_window_ms=${WINDOW_MS}`]

interface Delays {
  readonly ms: readonly number[]
  /** Of all that should have come. */
  readonly share: number
}

const delaysOf = (
  sentMs: ReadonlyMap<string, number>,
  received: readonly Readonly<Record<string, number>>[],
): Delays => {
  const ms = [...sentMs].flatMap(([name, startMs]) =>
    received.flatMap((times) => (times[name] === undefined ? [] : [times[name] - startMs])),
  )
  return { ms, share: ms.length / (sentMs.size * received.length) }
}

const ofNodes = async (size: number, count: number): Promise<Delays> => {
  const all = await BenchNodes.of(size, SETTINGS)
  try {
    const [first, ...others] = all.nodes
    if (first === undefined) throw new Error('there are nodes')
    for (const node of all.nodes) await node.start({ join: node === first ? [] : [first.mesh] })
    await until(60_000, 'a whole mesh', async () =>
      (await links(all.nodes)).every((connected) => connected === size - 1),
    )
    const refused = await registerAll(first.url, signRegistrations('propagation', count))
    if (refused.length > 0) throw new Error(`not registered: ${JSON.stringify(refused[0])}`)
    await untilEqual(all.nodes, 60_000)
    await Promise.all(all.nodes.map((node) => node.noteActivations()))
    const agents = agentsCalled('propagation', count)
    const session = await NativeSession.open(first.url, agents)
    for (const agent of agents) {
      session.socket.send(session.frame(agent))
      await pause(EVERY_MS)
    }
    await pause(2_000)
    const accepted = new Map(Object.entries(await first.activations()))
    await session.socket.close()
    return delaysOf(accepted, await Promise.all(others.map((node) => node.activations())))
  } finally {
    await all.stop()
  }
}

const links = (nodes: readonly BenchNode[]): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await node.state()).connected))

const ofBareGossip = async (size: number, count: number): Promise<Delays> => {
  const program = new URL('./load/bare-gossip.ts', import.meta.url)
  const all = Array.from({ length: size }, () => new Commanded<GossipCommand>(program))
  try {
    const [first, ...others] = all
    if (first === undefined) throw new Error('there are processes')
    const ports = await Promise.all(all.map(() => freePort()))
    const meshes = ports.map((port) => `/ip4/127.0.0.1/tcp/${port}/ws`)
    await Promise.all(
      all.map((one, at) =>
        one.do({ type: 'start', listen: meshes[at] ?? '', join: meshes.filter((_, other) => other !== at) }),
      ),
    )
    await until(60_000, 'a whole mesh', async () => {
      const states = await Promise.all(all.map((one) => one.do<{ readonly connected: number }>({ type: 'state' })))
      return states.every(({ connected }) => connected === size - 1)
    })
    // Subscriptions and the mesh of gossipsub settle with its heartbeats, one a second.
    await pause(4_000)
    const sent = new Map<string, number>()
    for (let number = 0; number < count; number++) {
      const { publishedMs } = await first.do<{ readonly publishedMs: number }>({
        type: 'publish',
        number,
        bytes: MESSAGE_BYTES,
      })
      sent.set(String(number), publishedMs)
      await pause(EVERY_MS)
    }
    await pause(2_000)
    const received = await Promise.all(
      others.map(async (one) => (await one.do<{ readonly atMs: Record<string, number> }>({ type: 'received' })).atMs),
    )
    return delaysOf(sent, received)
  } finally {
    await Promise.all(all.map((one) => one.end()))
  }
}

const figuresOf = (size: number, nodes: Delays, bare: Delays): readonly Figure[] => {
  const [p50 = 0, p99 = 0] = quantiles(nodes.ms, [0.5, 0.99])
  const [bare50 = 0, bare99 = 0] = quantiles(bare.ms, [0.5, 0.99])
  return [
    { what: `${size} nodes: found after, p50`, value: p50, unit: 'ms' },
    { what: `${size} nodes: found after, p99`, value: p99, unit: 'ms', goal: { is: 'at most', value: 250 } },
    { what: `${size} processes with messages alone, p50`, value: bare50, unit: 'ms' },
    { what: `${size} processes with messages alone, p99`, value: bare99, unit: 'ms' },
    {
      what: `${size} nodes: p99 without the window, against messages alone`,
      value: (p99 - WINDOW_MS) / bare99,
      unit: '',
      goal: { is: 'at most', value: 1.5 },
    },
    { what: `${size} nodes: found, of all`, value: 100 * nodes.share, unit: '%', goal: { is: 'at least', value: 100 } },
    { what: `${size} processes: received, of all`, value: 100 * bare.share, unit: '%' },
  ]
}

const run = async ({ quick, say }: BenchOptions): Promise<readonly Figure[]> => {
  const count = quick ? 40 : 200
  const figures: Figure[] = []
  for (const size of SIZES) {
    say(`${count} activations, one every ${EVERY_MS} ms, on ${size} nodes`)
    const nodes = await ofNodes(size, count)
    say(`as many messages between ${size} processes`)
    figures.push(...figuresOf(size, nodes, await ofBareGossip(size, count)))
  }
  return figures
}

export const propagation: Bench = {
  name: 'propagation',
  what: 'activations on one node until the others find them, against bare gossipsub',
  run,
}

/** What happens on one side of a split, through the doors of its nodes: every kind of change, in the proportions of a busy day. */
import type { Act } from '@rollcall/protocol'
import { LOST, type SimNode } from '../node/sim-node.ts'
import type { Agent } from '../workload/agent.ts'
import { ask } from '../workload/hand-in.ts'
import type { World } from '../world.ts'
import type { Population } from './population.ts'

/** Activations come in the last minutes, so that their terms do not end while the healing is measured. */
const LATELY_MS = 2 * 60_000

export interface SideInit {
  readonly world: World
  readonly population: Population
  readonly nodes: readonly SimNode[]
  /** Of two sides one is 0 and the other 1: what one changes the other does not. */
  readonly side: number
  readonly changes: number
  /** Changes are spread evenly over this time from now on. */
  readonly forMs: number
}

/**
 * Changes of every kind (`kindOfChange`). Of those that all nodes hold, each side changes entities that are spread over the
 * whole. Resolves when all are acknowledged, and throws
 * where one was not.
 */
export const changeSide = async (init: SideInit): Promise<void> => {
  const { world, changes, forMs } = init
  const asked: Promise<string>[] = []
  for (let at = 0; at < changes; at++) {
    const share = at / changes
    const delayMs = kindOfChange(at) === 'activate' ? forMs - LATELY_MS * (1 - share) : forMs * share
    asked.push(new Promise((resolve) => world.after(Math.max(0, delayMs), () => resolve(change(init, at)))))
  }
  const refused = (await Promise.all(asked)).filter((outcome) => outcome !== 'ok' && outcome !== 'accepted')
  if (refused.length > 0) throw new Error(`${refused.length} changes of a side were not taken: ${refused[0]}`)
}

/** Half of the changes are updates, three in ten registrations, a tenth each activations and deregistrations. */
export const kindOfChange = (at: number): 'update' | 'register' | 'activate' | 'deregister' => {
  const what = at % 10
  if (what < 5) return 'update'
  if (what < 8) return 'register'
  return what === 8 ? 'activate' : 'deregister'
}

const change = (init: SideInit, at: number): Promise<string> => {
  const { world, population, nodes, side, changes } = init
  const node = nodes[Math.floor(at / 10) % nodes.length]
  if (node === undefined) throw new Error('a side has nodes')
  const nowMs = world.trueMs()
  const hand = (agent: Agent, act: Act): Promise<string> => ask(world, { node, id: agent.id, act, name: agent.name })
  const kind = kindOfChange(at)
  if (kind === 'register') {
    const number = population.count + 2 * at + side
    const agent = population.agent(number)
    return hand(agent, agent.registration(nowMs, population.fields(number)))
  }
  const number = at * Math.floor(population.count / changes) + side
  const agent = population.agent(number)
  if (kind === 'update') return hand(agent, agent.update(nowMs, population.fields(number, 'second')))
  return kind === 'deregister' ? hand(agent, agent.deregistration(nowMs)) : beat(world, node, agent)
}

/** One beat, on a session that stays open. */
const beat = async (world: World, node: SimNode, agent: Agent): Promise<string> => {
  const said = agent.beat({ node: node.id, nonce: 'bm9uY2U=' }, world.trueMs())
  const answer = await node.call((registry) => {
    const address = '10.0.0.1'
    const session = registry.openSession({ kind: 'native', entities: [agent.id], address, ...DEAF })
    return registry.beat(agent.id, said, { requestId: 'beat', address, session })
  })
  return answer === LOST ? 'lost' : answer.outcome
}

const DEAF = { onRevoked: (): void => undefined, onMoved: (): void => undefined }

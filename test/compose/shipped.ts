/** What must hold of docker-compose.yml as it is shipped. */

import type { Compose } from './compose.ts'
import { NODES, type NodeName } from './nodes.ts'
import type { Check } from './run-checks.ts'
import { activeAgents, attendantsOf, clusterOf, nodeIdOf, until } from './view.ts'

const AGENTS = ['demo-agent-1', 'demo-agent-2']
const BUILD_MS = 900_000
const HEALTHY_MS = 90_000
const AGREE_MS = 60_000

/** In order, each built on those before it. */
export const shippedChecks = (compose: Compose): readonly Check[] => [
  {
    name: 'the image builds and every container starts',
    run: () => compose.run(['up', '-d', '--build'], BUILD_MS),
  },
  {
    name: 'all three nodes become healthy',
    run: () =>
      until(HEALTHY_MS, async () => {
        const states = await Promise.all(NODES.map((node) => compose.inspect(node, '{{.State.Health.Status}}')))
        return states.every((state) => state === 'healthy') || `health: ${states.join(', ')}`
      }),
  },
  { name: 'each node sees three nodes, and says converged', run: () => allAgree(compose) },
  { name: 'both demo agents are active on all three nodes', run: () => demoIsActiveOn(compose, NODES) },
  {
    name: 'nothing in a node runs as root',
    run: async () => {
      const user = await compose.inspect('node-a', '{{.Config.User}}')
      if (user !== 'node') throw new Error(`the user is ${user}`)
    },
  },
  {
    name: 'a node that is stopped ends by itself with exit code 0, and its agent goes on with another',
    run: async () => {
      await compose.run(['stop', '-t', '30', 'node-a'], AGREE_MS)
      const code = await compose.inspect('node-a', '{{.State.ExitCode}}')
      if (code !== '0') throw new Error(`the exit code is ${code}`)
      await demoIsActiveOn(compose, ['node-b', 'node-c'])
      await until(AGREE_MS, () => demoHasLeftNodeA(compose))
    },
  },
  {
    name: 'started again it is the same node, and all agree',
    run: async () => {
      const before = await nodeAAsSeenByB(compose)
      await compose.run(['start', 'node-a'], AGREE_MS)
      await until(AGREE_MS, async () => {
        const id = await nodeIdOf(compose.url('node-a'))
        return id === before || `node-a was ${before} and is ${id}`
      })
      await allAgree(compose)
      await demoIsActiveOn(compose, NODES)
    },
  },
]

const allAgree = (compose: Compose): Promise<number> =>
  until(AGREE_MS, async () => {
    for (const node of NODES) {
      const { converged, reasons, nodes } = await clusterOf(compose.url(node))
      if (!converged || nodes.length !== NODES.length) return `${node}: ${nodes.length} nodes; ${reasons.join('; ')}`
    }
    return true
  })

const demoIsActiveOn = (compose: Compose, nodes: readonly NodeName[]): Promise<number> =>
  until(AGREE_MS, async () => {
    for (const node of nodes) {
      const active = await activeAgents(compose.url(node))
      if (AGENTS.some((agent) => !active.includes(agent))) return `${node}: active are ${active.join(', ') || 'none'}`
    }
    return true
  })

/** That an entity is active proves little for as long as the threshold: the node that attends it must be another. */
const demoHasLeftNodeA = async (compose: Compose): Promise<true | string> => {
  const nodeA = await nodeAAsSeenByB(compose)
  const attendants = await attendantsOf(compose.url('node-b'))
  return !attendants.includes(String(nodeA)) || 'node-a still attends an agent'
}

const nodeAAsSeenByB = async (compose: Compose): Promise<string | undefined> =>
  (await clusterOf(compose.url('node-b'))).nodes.find(({ name }) => name === 'node-a')?.id

/**
 * The container test: docker-compose.yml as it is shipped, on a real engine. Builds the image, starts everything, looks
 * in from the host, takes a node away and brings it back, and removes what it started.
 *
 *   node scripts/bootstrap.mjs test/compose/main.ts
 *
 * It has a project, an image name and ports of its own, so that it neither meets nor harms a cluster that runs on the same
 * engine. The last line is `tests: N passed, N failed, N skipped`.
 */

import { Compose } from './compose.ts'
import { type Check, runChecks } from './run-checks.ts'
import { activeAgents, attendantsOf, clusterOf, nodeIdOf, until } from './view.ts'

const NODES = ['node-a', 'node-b', 'node-c'] as const
const AGENTS = ['demo-agent-1', 'demo-agent-2']
const BUILD_MS = 900_000
const HEALTHY_MS = 90_000
const AGREE_MS = 60_000

const compose = await Compose.create(NODES)

const allAgree = async (): Promise<true | string> => {
  for (const node of NODES) {
    const { converged, reasons, nodes } = await clusterOf(compose.url(node))
    if (!converged || nodes.length !== NODES.length) return `${node}: ${nodes.length} nodes; ${reasons.join('; ')}`
  }
  return true
}

const agentsActiveOn = async (nodes: readonly (typeof NODES)[number][]): Promise<true | string> => {
  for (const node of nodes) {
    const active = await activeAgents(compose.url(node))
    if (AGENTS.some((agent) => !active.includes(agent))) return `${node}: active are ${active.join(', ') || 'none'}`
  }
  return true
}

/** That an entity is active proves little for as long as the threshold: the node that attends it must be another. */
const agentsHaveLeftNodeA = async (): Promise<true | string> => {
  const nodeA = (await clusterOf(compose.url('node-b'))).nodes.find(({ name }) => name === 'node-a')?.id
  const attendants = await attendantsOf(compose.url('node-b'))
  return !attendants.includes(String(nodeA)) || 'node-a still attends an agent'
}

const checks: readonly Check[] = [
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
  { name: 'each node sees three nodes, and says converged', run: () => until(AGREE_MS, allAgree) },
  { name: 'both demo agents are active on all three nodes', run: () => until(AGREE_MS, () => agentsActiveOn(NODES)) },
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
      await until(AGREE_MS, () => agentsActiveOn(['node-b', 'node-c']))
      await until(AGREE_MS, agentsHaveLeftNodeA)
    },
  },
  {
    name: 'started again it is the same node, and all agree',
    run: async () => {
      const before = (await clusterOf(compose.url('node-b'))).nodes.find(({ name }) => name === 'node-a')?.id
      await compose.run(['start', 'node-a'], AGREE_MS)
      await until(AGREE_MS, async () => {
        const id = await nodeIdOf(compose.url('node-a'))
        return id === before || `node-a was ${before} and is ${id}`
      })
      await until(AGREE_MS, allAgree)
      await until(AGREE_MS, () => agentsActiveOn(NODES))
    },
  },
]

if (compose.engineAnswers()) {
  const failed = await runChecks(checks, {
    onFailure: () => compose.showLogs(),
    always: () => compose.run(['down', '-v', '--remove-orphans'], AGREE_MS),
  })
  process.exitCode = failed === 0 ? 0 : 1
} else {
  console.log('✖ no Docker engine answers; start one, or name it in DOCKER_HOST')
  console.log('tests: 0 passed, 1 failed, 0 skipped')
  process.exitCode = 1
}

import type { Cluster, ClusterNode } from '@rollcall/client'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { statusStyle } from '../output/style.ts'
import { facts } from '../output/table.ts'

/** `rollcall node status`: the asked node, and whether the cluster agrees. */
export const nodeStatus = (command: Command) => {
  command.description('show a node, and whether the cluster agrees')
  return async (context: Context): Promise<number> => {
    const cluster = await context.progress('asking', context.client().cluster())
    const self = cluster.nodes.find((node) => node.self === true)
    context.result({
      json: { ...cluster, self: self ?? null },
      quiet: [cluster.converged ? 'converged' : 'diverged'],
      human: [...(self === undefined ? [] : nodeFacts(self)), ...clusterLines(context, cluster)],
    })
    return EXIT.ok
  }
}

const nodeFacts = (node: ClusterNode): readonly string[] => {
  const counts = countsOf(node)
  return facts([
    ['node', node.name],
    ['id', node.node_id],
    ['url', node.url],
    ['mode', textOf(node, 'mode')],
    ['version', textOf(node, 'version')],
    ['ready', node.ready === true ? 'yes' : 'no'],
    [
      'entities',
      `${counts.active ?? 0} active, ${counts.inactive ?? 0} inactive, ${counts.tombstones ?? 0} tombstones`,
    ],
    ['digest', textOf(node, 'digest')],
  ])
}

const clusterLines = (context: Context, { converged, reasons, nodes }: Cluster): readonly string[] => {
  const { style } = context
  const states = ['heard', 'suspect', 'gone'].map((state) => {
    const names = nodes.filter((node) => node.self !== true && node.state === state)
    return names.length === 0 ? undefined : `${names.length} ${statusStyle(style, state)}`
  })
  const peers = states.filter((part) => part !== undefined).join(', ') || 'none'
  return [
    ...facts([['peers   ', peers]]),
    converged ? style.green('converged: every node holds the same') : style.red('not converged'),
    ...reasons.map((reason) => `  ${reason}`),
  ]
}

export const textOf = (node: ClusterNode, field: string): string | undefined => {
  const value = node[field]
  return typeof value === 'string' ? value : undefined
}

export const countsOf = (node: ClusterNode): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(node.entities ?? {}).filter(([, count]) => typeof count === 'number'))

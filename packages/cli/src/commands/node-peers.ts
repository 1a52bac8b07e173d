import type { ClusterNode } from '@rollcall/client'
import type { Command } from 'commander'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { statusStyle } from '../output/style.ts'
import { table } from '../output/table.ts'
import { ago } from '../output/time.ts'
import { countsOf, textOf } from './node-status.ts'

/** `rollcall node peers`: every node of the cluster as the asked one sees it. */
export const nodePeers = (command: Command) => {
  command.description('list the nodes of the cluster as one of them sees it')
  return async (context: Context): Promise<number> => {
    const { nodes } = await context.progress('asking', context.client().cluster())
    context.result({
      json: nodes,
      quiet: nodes.map(({ name }) => name),
      human: table(
        ['NODE', 'STATE', 'READY', 'LAST HEARD', 'ROUND TRIP', 'CLOCK', 'ACTIVE', 'URL', 'ID'],
        nodes.map((node) => row(context, node)),
      ),
    })
    return EXIT.ok
  }
}

const row = (context: Context, node: ClusterNode): readonly string[] => {
  const self = node.self === true
  const offsetMs = numberOf(node, 'clock_offset_ms')
  const roundTripMs = numberOf(node, 'round_trip_ms')
  return [
    node.name,
    self ? 'this node' : statusStyle(context.style, textOf(node, 'state') ?? ''),
    node.ready === true ? 'yes' : 'no',
    self ? '-' : ago(textOf(node, 'last_seen'), Date.now()),
    self || roundTripMs === undefined ? '-' : `${Math.round(roundTripMs)} ms`,
    self || offsetMs === undefined ? '-' : `${offsetMs > 0 ? '+' : ''}${Math.round(offsetMs)} ms`,
    String(countsOf(node).active ?? '-'),
    node.url === '' ? '-' : node.url,
    node.node_id,
  ]
}

const numberOf = (node: ClusterNode, field: string): number | undefined => {
  const value = node[field]
  return typeof value === 'number' ? value : undefined
}

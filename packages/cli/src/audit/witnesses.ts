/** What the nodes of a cluster remember of one another's audit chains. */
import { type ClusterNode, RollcallError } from '@rollcall/client'
import type { Context } from '../context.ts'
import { readHead } from './read-link.ts'
import type { Witness } from './walk.ts'

/** One node of the cluster, under an address that works from here. */
export interface Place {
  readonly node: string
  readonly url: string
}

export interface Census {
  /** Every node that anyone asked names, and whose address is known. */
  readonly places: readonly Place[]
  /** What others than the node itself remember of its chain. */
  readonly witnessesOf: (nodeId: string) => readonly Witness[]
}

/**
 * Asks the given addresses, and every node that they name, for their view of the cluster. Nodes that do not answer testify
 * to nothing. @throws RollcallError where none of the given addresses answers.
 */
export const takeCensus = async (context: Context, urls: readonly string[]): Promise<Census> => {
  const first = await Promise.all(urls.map((url) => viewFrom(context, url)))
  const answered = first.filter((view) => view !== undefined)
  if (answered.length === 0) await context.clientOf(urls).cluster()
  const asked = new Set(answered.map(({ self }) => self.node_id))
  const others = answered.flatMap(({ nodes }) => nodes).filter(({ node_id, url }) => !asked.has(node_id) && url !== '')
  const unasked = [...new Map(others.map((node) => [node.node_id, node.url])).values()]
  const more = await Promise.all(unasked.map((url) => viewFrom(context, url)))
  const views = [...answered, ...more.filter((view) => view !== undefined)]
  const byId = new Map(views.map((view) => [view.self.node_id, view]))
  const silent = others.filter(({ node_id }) => !byId.has(node_id)).map(({ name, url }) => ({ node: name, url }))
  return {
    places: [
      ...[...byId.values()].map(({ self, url }) => ({ node: self.name, url })),
      ...new Map(silent.map((place) => [place.url, place])).values(),
    ],
    witnessesOf: (nodeId) => [...byId.values()].flatMap((view) => testimony(view, nodeId)),
  }
}

interface View {
  readonly url: string
  readonly self: ClusterNode
  readonly nodes: readonly ClusterNode[]
}

const viewFrom = async (context: Context, url: string): Promise<View | undefined> => {
  try {
    const { nodes } = await context.clientOf([url]).cluster()
    const self = nodes.find((node) => node.self === true)
    return self === undefined ? undefined : { url, self, nodes }
  } catch (error) {
    if (error instanceof RollcallError) return undefined
    throw error
  }
}

const testimony = ({ self, nodes }: View, nodeId: string): readonly Witness[] => {
  if (self.node_id === nodeId) return []
  const head = readHead(nodes.find((node) => node.node_id === nodeId)?.audit)
  return head === undefined ? [] : [{ node: self.name, head }]
}

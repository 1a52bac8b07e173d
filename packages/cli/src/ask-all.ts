/** Asking every node of the cluster the same, to see whether they agree. */
import { type ClusterNode, type RollcallClient, RollcallError } from '@rollcall/client'
import type { Context } from './context.ts'

export interface NodeAnswer<T> {
  readonly node: string
  readonly url: string
  readonly answer: T | undefined
  /** Why there is no answer. */
  readonly error: RollcallError | undefined
}

/** One answer a node, in the order of the cluster's list. @throws RollcallError where the cluster itself cannot be had. */
export const askAll = async <T>(
  context: Context,
  ask: (client: RollcallClient) => Promise<T>,
): Promise<readonly NodeAnswer<T>[]> => {
  const client = context.client()
  const { nodes } = await context.progress('asking for the nodes', client.cluster())
  const asked = Promise.all(nodes.map((node) => askOne(context, node, client.registry, ask)))
  return context.progress(`asking ${nodes.length} nodes`, asked)
}

const askOne = async <T>(
  context: Context,
  node: ClusterNode,
  known: string,
  ask: (client: RollcallClient) => Promise<T>,
): Promise<NodeAnswer<T>> => {
  // The node that was asked answers there, whatever it calls itself.
  const url = node.self === true ? known : node.url
  const found = { node: node.name, url }
  if (url === '') {
    const error = new RollcallError('unreachable', `${node.name} has no public URL (http.public_url)`)
    return { ...found, answer: undefined, error }
  }
  try {
    return { ...found, answer: await ask(context.clientOf([url])), error: undefined }
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    return { ...found, answer: undefined, error }
  }
}

/** One sentence on how far the nodes agree, and whether they all do. A node that did not answer is no agreement. */
export const agreement = <T>(
  answers: readonly NodeAnswer<T>[],
  viewOf: (answer: NodeAnswer<T>) => string,
): { readonly agree: boolean; readonly sentence: string } => {
  const answered = answers.filter(({ answer, error }) => answer !== undefined || error?.http !== undefined)
  const silent = answers.filter((one) => !answered.includes(one)).map(({ node }) => node)
  const views = new Map<string, string[]>()
  for (const one of answered) views.set(viewOf(one), [...(views.get(viewOf(one)) ?? []), one.node])
  const missing = silent.length === 0 ? '' : `; no answer from ${silent.join(', ')}`
  if (answered.length === 0) return { agree: false, sentence: `no node answered${missing}` }
  if (views.size > 1) {
    const sides = [...views.values()].map((nodes) => nodes.join(', '))
    return { agree: false, sentence: `the nodes differ: ${sides.join(' against ')}${missing}` }
  }
  const all = answered.length === 1 ? 'one node answers' : `${answered.length} nodes agree`
  return { agree: silent.length === 0, sentence: `${all}${missing}` }
}

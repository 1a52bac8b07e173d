/** What the cluster says of the entity: its record, its status, and the same from a second node. */
import { type ClusterNode, type Entity, type RollcallClient, RollcallError } from '@rollcall/client'
import { type EntityId, formatKey } from '@rollcall/protocol'
import { EXIT } from '../failure.ts'
import { ago } from '../output/time.ts'
import { exitOf, remedyOf } from './heartbeat.ts'
import { type Finding, failed, found, unchecked } from './ladder.ts'

/** Gossip tells within a second; a sync that has to help takes longer. */
const PATIENCE_MS = 10_000
const POLL_MS = 200

export const ofError = (error: RollcallError): Finding =>
  failed(`${error.code}: ${error.message}`, remedyOf(error.code), exitOf(error.code))

export const checkStatus = (entity: Entity): Finding => {
  const heard = entity.last_heartbeat
  const when = heard === null || heard === undefined ? 'it never beat' : `last heartbeat ${ago(heard, Date.now())}`
  if (entity.status === 'active') return found(`active, ${when}`)
  const remedy =
    'Keep it alive: rollcall run, or see why the beats of its process do not arrive (its log, its key, its registry).'
  return failed(`it is inactive: ${when}`, remedy, EXIT.failed)
}

/** Waits until one other node shows the entity active: the first that does answers for all. */
export const checkSecondNode = async (
  id: EntityId,
  others: readonly ClusterNode[],
  clientOf: (url: string) => RollcallClient,
): Promise<Finding> => {
  if (others.length === 0) return unchecked('the cluster has no second node with a public URL')
  const until = performance.now() + PATIENCE_MS
  let views: readonly string[]
  do {
    const asked = await Promise.all(others.map(async (node) => ({ node, view: await viewOf(clientOf(node.url), id) })))
    const seen = asked.find(({ view }) => view === 'active')
    if (seen !== undefined) return found(`${seen.node.name} shows it active too`)
    views = asked.map(({ node, view }) => `${node.name} at ${node.url} says ${view}`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  } while (performance.now() < until)
  const cause = `not seen active on a second node within ${PATIENCE_MS / 1000} s: ${views.join('; ')}`
  const isUnreachable = views.every((view) => view.endsWith('unreachable') || view.endsWith('timeout'))
  if (isUnreachable) {
    const remedy =
      'None of them can be reached from here: check their public addresses (http.public_url) and the network.'
    return failed(cause, remedy, EXIT.unreachable)
  }
  return failed(
    cause,
    'The nodes do not agree: see rollcall node status, and whether their mesh ports reach one another.',
    EXIT.failed,
  )
}

const viewOf = async (client: RollcallClient, id: EntityId): Promise<string> => {
  try {
    return (await client.get(id, { consistency: 'local' })).status
  } catch (error) {
    if (error instanceof RollcallError) return error.code
    throw error
  }
}

export const checkKey = (entity: Entity, publicKey: Uint8Array, path: string): Finding => {
  const held = formatKey(publicKey)
  if (entity.public_key === held) return found('the key in use is the registered one')
  const remedy =
    'Use the key file of this entity: --key FILE or ROLLCALL_KEY. Without it the entity is lost; register a new one.'
  return failed(`${path} holds ${held}, registered is ${entity.public_key ?? 'none'}`, remedy, EXIT.refused)
}

/**
 * Answers of a registry as the client hands them on: the names are those of the wire (api.md), so that what curl shows and
 * what a program reads are one. Only what the client itself relies on is checked; fields of a newer node are kept.
 */
import { isJsonObject, type Json, type JsonObject, type Status } from '@rollcall/protocol'
import { RollcallError } from './errors.ts'
import type { Answer } from './http/exchange.ts'

/** The fields an owner sets. A registration needs at least `name`. */
export interface EntityFields {
  readonly name?: string
  readonly entity_url?: string
  readonly category?: string
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly service_endpoint?: string | null
  readonly openapi_url?: string | null
  readonly entity_pricing?: Json
  readonly capability_summary?: Json
  readonly entity_name?: string | null
  readonly version?: string | null
}

/** An entity as one node shows it. Times are ISO 8601 texts. */
export interface Entity extends EntityFields, JsonObject {
  readonly entity_id: string
  readonly status: Status
  readonly entity_type?: string
  readonly public_key?: string
  readonly last_heartbeat?: string | null
  /** Time to which `last_heartbeat` is known to be the newest. */
  readonly as_of?: string
  /** Id of the node that hears this entity's beats. */
  readonly attendant?: string | null
  /** Stamp of the registration with which this record began. */
  readonly incarnation?: string
  readonly stamp?: string
  readonly duplicate_instance?: boolean
  readonly health?: JsonObject | null
}

export interface SearchHit extends Entity {
  readonly score: number
}

export interface SearchPage {
  readonly results: readonly SearchHit[]
  /** Hits on all pages together. */
  readonly total_found: number
  /** Given back as `cursor`, it asks for the next page; absent on the last. */
  readonly next_cursor?: string
  readonly node_id?: string
  readonly as_of?: string
  /** False where a node that had to be asked did not answer. */
  readonly complete: boolean
}

export interface ClusterNode extends JsonObject {
  readonly node_id: string
  readonly name: string
  /** Public address of its HTTP API; empty where it has none. */
  readonly url: string
}

export interface Cluster {
  readonly converged: boolean
  /** Why not, one sentence a reason. */
  readonly reasons: readonly string[]
  readonly nodes: readonly ClusterNode[]
}

/** One transition of the feed. `gap`: events were lost between the cursor given and the next event. */
export interface TransitionEvent extends JsonObject {
  readonly cursor: string
  readonly type: string
  readonly entity_id?: string
}

export const entityOf = ({ body, registry }: Answer): Entity => {
  if (isEntity(body)) return body
  throw unreadable(registry, 'an entity')
}

const isEntity = (value: Json | undefined): value is Entity =>
  isJsonObject(value) &&
  typeof value.entity_id === 'string' &&
  (value.status === 'active' || value.status === 'inactive')

export const searchPageOf = ({ body, registry }: Answer): SearchPage => {
  const { results } = body
  if (!Array.isArray(results) || !(results as readonly Json[]).every(isEntity)) throw unreadable(registry, 'a search')
  const { total_found: total, next_cursor: next, node_id: node, as_of: asOf } = body
  return {
    results: results as readonly SearchHit[],
    total_found: typeof total === 'number' ? total : results.length,
    complete: body.complete !== false,
    ...(typeof next === 'string' && next !== '' ? { next_cursor: next } : {}),
    ...(typeof node === 'string' ? { node_id: node } : {}),
    ...(typeof asOf === 'string' ? { as_of: asOf } : {}),
  }
}

export const clusterOf = ({ body, registry }: Answer): Cluster => {
  const { nodes, reasons } = body
  if (!Array.isArray(nodes) || !(nodes as readonly Json[]).every(isNode)) throw unreadable(registry, 'a cluster')
  const texts = Array.isArray(reasons) ? (reasons as readonly Json[]).filter((one) => typeof one === 'string') : []
  return { converged: body.converged === true, reasons: texts, nodes: nodes as readonly ClusterNode[] }
}

const isNode = (value: Json): value is ClusterNode =>
  isJsonObject(value) &&
  typeof value.node_id === 'string' &&
  typeof value.name === 'string' &&
  typeof value.url === 'string'

const unreadable = (registry: string, what: string): RollcallError =>
  new RollcallError('unreachable', `${registry} answers, but not with ${what}: is it a registry?`, { registry })

/** Those of `fields` that `entity` does not bear. */
export const differingFields = (entity: JsonObject, fields: EntityFields): EntityFields =>
  Object.fromEntries(
    Object.entries(fields).filter(([field, value]) => value !== undefined && !sameJson(entity[field], value)),
  )

/** Absent, null and empty are one: a node leaves out what was never set. */
const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  (isUnset(a) && isUnset(b)) || JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

const isUnset = (value: Json | undefined): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

const sorted = (value: Json | undefined): Json | undefined => {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => sorted(item) ?? null)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort()
      .map(([key, member]) => [key, sorted(member)]),
  )
}

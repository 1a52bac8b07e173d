/** An entity as JSON: every field of Zynd's record (zynd-wire.md §4.1), then what only this registry knows of it (api.md). */
import type { EntityView } from '@rollcall/core'
import {
  actsOf,
  type DeveloperProof,
  developerIdOfProof,
  type EntityRecord,
  type Failure,
  formatKey,
  formatSignature,
  formatStamp,
  type NodeId,
  nodePublicKey,
  registryIdOf,
} from '@rollcall/protocol'
import type { EntityJson } from './schemas.ts'

/**
 * Fields that were not registered are absent, not null: Zynd's SDK compares them strictly with what it wants to register,
 * and a difference makes it send an update at every start. Cost: about 5 µs, most of it decoding the acts.
 */
export const entityJson = (view: EntityView, options: { readonly ttlSeconds: number }): EntityJson => {
  const { record } = view
  const registeredAt = isoTime(record.birth.wallMs)
  return {
    ...profileJson(record),
    ...present('developer_handle', view.developerHandle),
    ...present('fqan', view.fqan),
    ...present('name_error', view.nameProblem === undefined ? undefined : reasonText(view.nameProblem)),
    registered_at: registeredAt,
    created_at: registeredAt,
    updated_at: isoTime(record.stamp.wallMs),
    ttl: Math.ceil(options.ttlSeconds),
    status: view.status,
    last_heartbeat: view.lastBeatMs === undefined ? null : isoTime(view.lastBeatMs),
    as_of: isoTime(view.asOfMs),
    attendant: view.attendant ?? null,
    incarnation: formatStamp(record.birth),
    stamp: formatStamp(view.stamp),
    duplicate_instance: view.duplicateInstance,
    health: view.health ?? null,
  }
}

const profileJson = (record: EntityRecord) => {
  const { id, publicKey, profile } = record
  const proof = profile.developerProof
  const registration = actsOf(record)[0]
  if (registration === undefined) throw new Error(`the record of ${id} holds no registration`)
  return {
    entity_id: id,
    name: profile.name,
    owner: proof === undefined ? id : developerIdOfProof(proof),
    entity_type: profile.type,
    entity_url: profile.url,
    url: profile.url,
    category: profile.category,
    tags: [...profile.tags],
    summary: profile.summary,
    public_key: formatKey(publicKey),
    home_registry: registryId(record.birth.node),
    schema_version: '1.0',
    signature: formatSignature(registration.signature),
    ...(proof === undefined ? {} : developerJson(proof)),
    ...endpointJson(record),
    ...present('openapi_url', profile.openapiUrl),
    ...present('entity_pricing', profile.pricing),
    ...present('capability_summary', profile.capabilitySummary),
    ...present('entity_name', profile.entityName),
    ...present('version', profile.version),
  }
}

// `zynd register --type service` sends no service_endpoint, and means its entity_url (zynd-wire.md §4.1).
const endpointJson = ({ profile }: EntityRecord) =>
  present('service_endpoint', profile.serviceEndpoint ?? (profile.type === 'service' ? profile.url : undefined))

const developerJson = (proof: DeveloperProof) => ({
  developer_id: developerIdOfProof(proof),
  entity_index: proof.entityIndex,
  developer_proof: {
    developer_public_key: formatKey(proof.publicKey),
    entity_index: proof.entityIndex,
    developer_signature: formatSignature(proof.signature),
  },
})

const present = <K extends string, V>(key: K, value: V | undefined): { readonly [P in K]?: V } =>
  (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: V }

/** A failure that does not fail the answer it stands in: its code, a colon and its sentence. */
export const reasonText = ({ code, message }: Failure): string => `${code}: ${message}`

/** The id under which Zynd's clients know a node. */
export const registryId = (node: NodeId): string => registryIdOf(nodePublicKey(node))

/** RFC 3339 with milliseconds, of milliseconds since the Unix epoch. */
export const isoTime = (ms: number): string => new Date(ms).toISOString()

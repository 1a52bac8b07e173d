/**
 * Shapes of the answers, once: TypeScript takes its types from here and OpenAPI its description. Fields of Zynd's contract
 * keep the names its clients read (zynd-wire.md §4).
 */
import { BEAT_OUTCOMES, ERRORS, type ErrorCode, STATUSES } from '@rollcall/protocol'
import { type Static, type TSchema, Type } from '@sinclair/typebox'

const Time = Type.String({ format: 'date-time' })
const Nullable = <T extends TSchema>(schema: T, options: { readonly description?: string } = {}) =>
  Type.Union([schema, Type.Null()], options)
export const StatusSchema = Type.Union(STATUSES.map((status) => Type.Literal(status)))

export const ErrorSchema = Type.Object(
  {
    error: Type.Unsafe<ErrorCode>(Type.String({ enum: Object.keys(ERRORS) })),
    message: Type.String({ description: 'One sentence.' }),
    request_id: Type.String({ description: 'As in the X-Request-Id header and in the log of the node.' }),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Error', title: 'Error' },
)

export const DeveloperProofSchema = Type.Object({
  developer_public_key: Type.String(),
  entity_index: Type.Integer(),
  developer_signature: Type.String(),
})

export const EntitySchema = Type.Object(
  {
    entity_id: Type.String({
      description: 'zns: (agent) or zns:svc: (service) and 32 hexadecimal digits, from the key.',
    }),
    name: Type.String(),
    owner: Type.String({ description: 'The developer where there is one, else the entity itself.' }),
    entity_type: Type.Union([Type.Literal('agent'), Type.Literal('service')]),
    entity_url: Type.String(),
    url: Type.String({ description: 'As entity_url.' }),
    category: Type.String(),
    tags: Type.Array(Type.String()),
    summary: Type.String(),
    public_key: Type.String(),
    home_registry: Type.String({ description: 'Id of the node at which the entity registered.' }),
    schema_version: Type.String(),
    registered_at: Time,
    created_at: Time,
    updated_at: Time,
    ttl: Type.Integer({ description: 'Seconds for which the status may be taken to hold.' }),
    signature: Type.String({ description: 'That of the registration.' }),
    developer_id: Type.Optional(Type.String()),
    entity_index: Type.Optional(Type.Integer()),
    developer_proof: Type.Optional(DeveloperProofSchema),
    service_endpoint: Type.Optional(Type.String()),
    openapi_url: Type.Optional(Type.String()),
    entity_pricing: Type.Optional(Type.Unknown()),
    capability_summary: Type.Optional(Type.Unknown()),
    entity_name: Type.Optional(Type.String()),
    version: Type.Optional(Type.String()),
    developer_handle: Type.Optional(Type.String({ description: 'The handle that its developer holds.' })),
    fqan: Type.Optional(Type.String({ description: 'registry-host/handle/entity-name, while it holds that name.' })),
    name_error: Type.Optional(
      Type.String({ description: 'Why it does not bear the name it asks for: a code, a colon and a sentence.' }),
    ),
    status: StatusSchema,
    last_heartbeat: Nullable(Time),
    as_of: Type.String({ format: 'date-time', description: 'Up to when last_heartbeat is known to be the newest.' }),
    attendant: Nullable(Type.String({ description: 'The node whose word the status bears.' })),
    incarnation: Type.String({ description: 'Stamp of the registration (the birth).' }),
    stamp: Type.String({ description: 'Stamp of the newest change.' }),
    duplicate_instance: Type.Boolean({ description: 'Two processes with this key were noticed lately.' }),
    health: Nullable(Type.Record(Type.String(), Type.Unknown())),
  },
  { $id: 'Entity', title: 'Entity' },
)
export type EntityJson = Static<typeof EntitySchema>

export const EntityRef = Type.Unsafe<EntityJson>(Type.Ref('Entity'))
export const ErrorRef = Type.Unsafe<Static<typeof ErrorSchema>>(Type.Ref('Error'))

export const HitSchema = Type.Intersect([
  EntityRef,
  Type.Object({
    score: Type.Number(),
    score_breakdown: Type.Record(Type.String(), Type.Number()),
    card: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    card_signature: Type.Optional(Type.Union([Type.Literal('verified'), Type.Literal('unsigned')])),
    card_age_seconds: Type.Optional(Type.Integer()),
  }),
])

export const SearchAnswerSchema = Type.Object({
  results: Type.Array(HitSchema),
  total_found: Type.Integer(),
  offset: Type.Integer(),
  has_more: Type.Boolean(),
  next_cursor: Type.Optional(Type.String()),
  search_stats: Type.Object({
    local_results: Type.Integer(),
    gossip_results: Type.Integer(),
    federated_results: Type.Integer(),
    peers_queried: Type.Integer(),
    latency_ms: Type.Number(),
  }),
  node_id: Type.String(),
  as_of: Time,
  complete: Type.Boolean({ description: 'Whether every node that had to be asked answered.' }),
  unanswered: Type.Optional(Type.Array(Type.String())),
})
export type SearchAnswerJson = Static<typeof SearchAnswerSchema>

export const EventSchema = Type.Object(
  {
    cursor: Type.String(),
    type: Type.String(),
    at: Time,
    entity_id: Type.Optional(Type.String()),
    name: Type.Optional(Type.String()),
    category: Type.Optional(Type.String()),
    developer_id: Type.Optional(Type.String()),
    handle: Type.Optional(Type.String()),
    fqan: Type.Optional(Type.String()),
    holder: Type.Optional(Type.String({ description: 'Who holds what was lost.' })),
    from: Type.Optional(Type.String()),
    to: Type.Optional(Type.String()),
    reason: Type.Optional(Type.String()),
    attendant: Type.Optional(Type.String()),
    stamp: Type.Optional(Type.String()),
  },
  { $id: 'Event', title: 'Event' },
)
export type EventJson = Static<typeof EventSchema>

export const ClusterNodeSchema = Type.Object({
  node_id: Type.String(),
  name: Type.String(),
  url: Type.String(),
  mode: Type.String(),
  version: Type.String(),
  self: Type.Boolean(),
  state: Type.Union([Type.Literal('heard'), Type.Literal('suspect'), Type.Literal('gone')]),
  ready: Type.Boolean(),
  connected: Type.Boolean(),
  last_seen: Time,
  clock_offset_ms: Type.Number(),
  round_trip_ms: Nullable(Type.Number()),
  digest: Type.String(),
  entities: Type.Object({
    active: Type.Integer(),
    inactive: Type.Integer(),
    tombstones: Type.Integer(),
    graves: Type.Integer(),
  }),
  audit: Nullable(Type.Object({ number: Type.Integer(), hash: Type.String({ description: 'Hexadecimal.' }) }), {
    description: 'The furthest head of the audit chain of that node which it told the node asked.',
  }),
})
export type ClusterNodeJson = Static<typeof ClusterNodeSchema>

/** Every outcome a heartbeat may have, for the description of the sockets. */
export const OUTCOMES_TEXT: string = BEAT_OUTCOMES.join(', ')

/** The responses of a route: its own, and the one shape of every error. */
export const answers = (ok: Readonly<Record<number, TSchema>>): Readonly<Record<string, TSchema>> => ({
  ...ok,
  '4xx': ErrorRef,
  '5xx': ErrorRef,
})

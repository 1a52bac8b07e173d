/** Shapes of the answers about developers, handles and names (zynd-wire.md §4.3). */
import { type Static, Type } from '@sinclair/typebox'
import { EntityRef } from './schemas.ts'

const Time = Type.String({ format: 'date-time' })

export const DeveloperSchema = Type.Object(
  {
    developer_id: Type.String({ description: 'zns:dev: and 32 hexadecimal digits, from the key.' }),
    name: Type.String(),
    public_key: Type.String(),
    profile_url: Type.String(),
    github: Type.String(),
    home_registry: Type.String({
      description: 'Id of the node at which it first spoke, or its first entity registered.',
    }),
    origin: Type.Union([Type.Literal('own'), Type.Literal('derived')], {
      description: 'own: it signed for itself. derived: known by the proofs that its entities carry.',
    }),
    dev_handle: Type.Optional(Type.String({ description: 'The handle it holds.' })),
    dev_handle_verified: Type.Boolean({ description: 'Whether more than its key vouches for the handle.' }),
    verification_method: Type.String(),
    handle_error: Type.Optional(
      Type.String({ description: 'Why it does not hold the handle it asks for: a code, a colon and a sentence.' }),
    ),
    entity_count: Type.Integer(),
    registered_at: Time,
    created_at: Time,
    updated_at: Time,
    stamp: Type.String(),
  },
  { $id: 'Developer', title: 'Developer' },
)
export type DeveloperJson = Static<typeof DeveloperSchema>
export const DeveloperRef = Type.Unsafe<DeveloperJson>(Type.Ref('Developer'))

export const DeveloperAnswerSchema = Type.Intersect([
  DeveloperRef,
  Type.Object({ handle: Type.Optional(Type.String()), message: Type.String() }),
])

export const DeveloperGoneSchema = Type.Object({
  developer_id: Type.String(),
  message: Type.String(),
  deregistered_at: Time,
  stamp: Type.String(),
})

export const DeveloperEntitiesSchema = Type.Object({
  developer_id: Type.String(),
  entities: Type.Array(EntityRef),
  agents: Type.Array(EntityRef, { description: 'As entities.' }),
  count: Type.Integer({ description: 'Entities in this answer.' }),
  total: Type.Integer(),
  offset: Type.Integer(),
  has_more: Type.Boolean(),
})

export const HandleSchema = Type.Object({
  handle: Type.String(),
  developer_id: Type.String(),
  developer_name: Type.String(),
  verified: Type.Boolean(),
  verification_method: Type.String(),
})

export const HandleAnswerSchema = Type.Object({
  handle: Type.String(),
  developer_id: Type.String(),
  message: Type.String(),
})

export const HandleAvailableSchema = Type.Object({
  handle: Type.String(),
  available: Type.Boolean(),
  reason: Type.Optional(Type.String()),
})

export const BindingSchema = Type.Object(
  {
    fqan: Type.String(),
    entity_name: Type.String(),
    developer_handle: Type.String(),
    registry_host: Type.String(),
    entity_id: Type.String(),
    developer_id: Type.String(),
    current_version: Type.String(),
    capability_tags: Type.Array(Type.String()),
    registered_at: Time,
    updated_at: Time,
    signature: Type.String({ description: 'Of the act by which it bears the name now.' }),
  },
  { $id: 'NameBinding', title: 'NameBinding' },
)
export type BindingJson = Static<typeof BindingSchema>
export const BindingRef = Type.Unsafe<BindingJson>(Type.Ref('NameBinding'))

export const BindingAnswerSchema = Type.Intersect([BindingRef, Type.Object({ message: Type.String() })])

export const VersionSchema = Type.Object({
  fqan: Type.String(),
  entity_id: Type.String(),
  version: Type.String(),
  capability_tags: Type.Array(Type.String()),
  registered_at: Type.Union([Time, Type.Null()], {
    description: "The developer's time; null where the form it signed names none.",
  }),
  signature: Type.String(),
  current: Type.Boolean(),
})
export type VersionJson = Static<typeof VersionSchema>

export const NameAvailableSchema = Type.Object({
  developer: Type.String(),
  entity_name: Type.String(),
  available: Type.Boolean(),
  reason: Type.Optional(Type.String()),
  existing_entity_id: Type.Optional(Type.String()),
})

export const NameReleasedSchema = Type.Object({
  fqan: Type.String(),
  entity_id: Type.String(),
  message: Type.String(),
})

export const ResolvedSchema = Type.Object({
  fqan: Type.String(),
  entity_id: Type.String(),
  developer_id: Type.String(),
  developer_handle: Type.String(),
  registry_host: Type.String(),
  version: Type.String(),
  entity_url: Type.String(),
  public_key: Type.String(),
  protocols: Type.Array(Type.String()),
  trust_score: Type.Number({ description: 'Always 0: this registry keeps no scores of trust.' }),
  verification_tier: Type.String(),
  status: Type.String(),
})

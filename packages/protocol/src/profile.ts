import { isJsonObject, isWellFormedJson, type Json, type JsonObject } from './canonical-json.ts'
import { type DeveloperId, developerIdOf, type EntityType } from './ids.ts'
import { parseKey, parseSignature } from './keys.ts'
import { LIMITS } from './limits.ts'
import { fail, ok, type Result } from './result.ts'

/** What an entity says of itself: the fields of its registration, overlaid with those of its updates. */
export interface Profile {
  readonly name: string
  readonly url: string
  readonly category: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly type: EntityType
  readonly serviceEndpoint?: string
  readonly openapiUrl?: string
  readonly pricing?: Json
  readonly capabilitySummary?: Json
  readonly entityName?: string
  readonly version?: string
  readonly developerProof?: DeveloperProof
}

/** A developer's word that an entity key is theirs (zynd-wire S12). */
export interface DeveloperProof {
  readonly publicKey: Uint8Array
  /** Index of the entity key under the developer's seed, u32. */
  readonly entityIndex: number
  readonly signature: Uint8Array
}

export const developerIdOfProof = (proof: DeveloperProof): DeveloperId => developerIdOf(proof.publicKey)

/** Names of the fields on the wire, in the order in which a profile is read and shown. */
export const PROFILE_FIELDS = [
  'name',
  'entity_url',
  'category',
  'tags',
  'summary',
  'service_endpoint',
  'openapi_url',
  'entity_pricing',
  'capability_summary',
  'entity_name',
  'version',
] as const
export type ProfileField = (typeof PROFILE_FIELDS)[number]

/** Fields that say who an entity is; no update may carry them. `entity_id` is none: by it an update says whom it is about. */
const IDENTITY_FIELDS = ['public_key', 'entity_type', 'developer_id', 'developer_proof'] as const

/** The profile of a registration body. Unknown fields are ignored: a newer client must be able to register here. */
export const parseProfile = (body: JsonObject): Result<Profile> => {
  const type = body.entity_type ?? ''
  if (type !== '' && type !== 'agent' && type !== 'service') {
    return fail('validation_failed', `entity_type is "agent" or "service", not ${JSON.stringify(type)}`)
  }
  const proof = parseDeveloperProof(body.developer_proof)
  if (!proof.ok) return proof
  if (proof.value !== undefined && body.developer_id !== undefined && body.developer_id !== '') {
    const expected = developerIdOfProof(proof.value)
    if (body.developer_id !== expected) {
      return fail('id_mismatch', `developer_id does not follow from the developer's key, which gives ${expected}`)
    }
  }
  const base: Profile = {
    name: '',
    url: '',
    category: '',
    tags: [],
    summary: '',
    type: type === 'service' ? 'service' : 'agent',
    ...(proof.value === undefined ? {} : { developerProof: proof.value }),
  }
  const profile = overlayProfile(base, body)
  if (!profile.ok) return profile
  if (profile.value.name === '') return fail('validation_failed', 'name is missing')
  return profile
}

/** `profile` with the fields of an update laid over it. A field set to null is removed, where it is optional. */
export const overlayProfile = (profile: Profile, body: JsonObject): Result<Profile> => {
  if (!isWellFormedJson(body)) return fail('malformed', 'a text holds half a surrogate pair')
  const next: Draft = { ...profile }
  for (const field of PROFILE_FIELDS) {
    const value = body[field]
    if (value === undefined) continue
    const { key, read } = READERS[field]
    const found = read(value)
    if (!found.ok) return found
    next[key] = found.value
  }
  return ok(assembled(next))
}

/** Members of a profile in the making: each of the type that its reader gives, or undefined. */
type Draft = { -readonly [Key in keyof Profile]?: unknown }

const OPTIONAL = [
  'serviceEndpoint',
  'openapiUrl',
  'pricing',
  'capabilitySummary',
  'entityName',
  'version',
  'developerProof',
] as const satisfies readonly (keyof Profile)[]

/** Member by member in one order: profiles then share a few hidden classes, and lie in one piece. */
const assembled = ({ name, url, category, tags, summary, type, ...others }: Draft): Profile => {
  const profile: Draft = { name, url, category, tags, summary, type }
  for (const key of OPTIONAL) if (others[key] !== undefined) profile[key] = others[key]
  return profile as Profile
}

/** Names of the profile fields that a body sets. */
export const fieldsSet = (body: JsonObject): ProfileField[] =>
  PROFILE_FIELDS.filter((field) => body[field] !== undefined)

/** The first field of an update that no update may carry, or undefined. */
export const identityFieldIn = (body: JsonObject): string | undefined =>
  IDENTITY_FIELDS.find((field) => body[field] !== undefined)

type FieldReader = (value: Json) => Result<unknown>

const charsOf = (text: string): number => {
  let chars = 0
  for (const _ of text) chars++
  return chars
}

const text =
  (field: string, charsMax: number): FieldReader =>
  (value) => {
    if (typeof value !== 'string') return fail('validation_failed', `${field} is not a text`, { field })
    if (value.length > charsMax && charsOf(value) > charsMax) {
      return fail('validation_failed', `${field} has ${charsOf(value)} characters, at most ${charsMax} are allowed`, {
        field,
      })
    }
    return ok(value)
  }

const nullable =
  (read: FieldReader): FieldReader =>
  (value) =>
    value === null || value === '' ? ok(undefined) : read(value)

const url = (field: string): FieldReader => {
  const asText = text(field, LIMITS.urlCharsMax)
  return (value) => {
    const read = asText(value)
    if (!read.ok || value === '' || /^https?:\/\/[^\s/]+/i.test(String(value))) return read
    return fail('validation_failed', `${field} is not an http or https URL`, { field })
  }
}

const json: FieldReader = (value) => ok(value)

const oneTag: FieldReader = text('tags', LIMITS.tagCharsMax)

const tags: FieldReader = (value) => {
  if (!Array.isArray(value)) return fail('validation_failed', 'tags is not a list', { field: 'tags' })
  if (value.length > LIMITS.tagsMax) {
    return fail('validation_failed', `tags has ${value.length} entries, at most ${LIMITS.tagsMax} are allowed`, {
      field: 'tags',
    })
  }
  for (const tag of value as readonly Json[]) {
    const read = oneTag(tag)
    if (!read.ok) return read
  }
  return ok(value)
}

/** Where each field of the wire stands in a profile, and how it is read; `undefined` removes it. */
const READERS: Record<ProfileField, { readonly key: keyof Profile; readonly read: FieldReader }> = {
  name: {
    key: 'name',
    read: (value) =>
      value === '' ? fail('validation_failed', 'name is empty') : text('name', LIMITS.nameCharsMax)(value),
  },
  entity_url: { key: 'url', read: url('entity_url') },
  category: { key: 'category', read: text('category', LIMITS.categoryCharsMax) },
  tags: { key: 'tags', read: (value) => (value === null ? ok([]) : tags(value)) },
  summary: { key: 'summary', read: text('summary', LIMITS.summaryCharsMax) },
  service_endpoint: { key: 'serviceEndpoint', read: nullable(url('service_endpoint')) },
  openapi_url: { key: 'openapiUrl', read: nullable(url('openapi_url')) },
  entity_pricing: { key: 'pricing', read: nullable(json) },
  capability_summary: { key: 'capabilitySummary', read: nullable(json) },
  entity_name: { key: 'entityName', read: nullable(text('entity_name', LIMITS.nameCharsMax)) },
  version: { key: 'version', read: nullable(text('version', LIMITS.versionCharsMax)) },
}

const parseDeveloperProof = (value: Json | undefined): Result<DeveloperProof | undefined> => {
  if (value === undefined || value === null) return ok(undefined)
  if (!isJsonObject(value)) return fail('validation_failed', 'developer_proof is not an object')
  const publicKey = typeof value.developer_public_key === 'string' ? parseKey(value.developer_public_key) : undefined
  // `index` and `signature` are the older names, still tolerated by the Python verifier.
  const signatureText = value.developer_signature ?? value.signature
  const signature = typeof signatureText === 'string' ? parseSignature(signatureText) : undefined
  const entityIndex = value.entity_index ?? value.index
  if (publicKey === undefined) return fail('validation_failed', 'developer_proof.developer_public_key cannot be read')
  if (signature === undefined) return fail('validation_failed', 'developer_proof.developer_signature cannot be read')
  if (
    typeof entityIndex !== 'number' ||
    !Number.isInteger(entityIndex) ||
    entityIndex < 0 ||
    entityIndex > 0xffffffff
  ) {
    return fail('validation_failed', 'developer_proof.entity_index is not an unsigned 32-bit integer')
  }
  return ok({ publicKey, entityIndex, signature })
}

/** The bytes a developer signs to prove an entity key theirs: key, then index as big-endian u32 (zynd-wire S12). */
export const developerProofBytes = (entityPublicKey: Uint8Array, entityIndex: number): Uint8Array => {
  const bytes = new Uint8Array(entityPublicKey.length + 4)
  bytes.set(entityPublicKey)
  new DataView(bytes.buffer).setUint32(entityPublicKey.length, entityIndex)
  return bytes
}

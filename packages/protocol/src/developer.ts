/**
 * What a developer said of itself, as every node holds it: its own signed acts, and the stamps by which records are ordered
 * (M2), exactly as an entity's record. It has no presence. The profile and the handle are read from the acts.
 *
 * It may begin with any of its acts that say something: a registration, an update or the claim of a handle. Before that a
 * developer is known only by the proofs that live entities carry, and is no entry.
 */
import { type Act, actChecks, actContent, encodeAct, readAct } from './act.ts'
import { showingActs } from './act-history.ts'
import { isWellFormedJson, type Json, type JsonObject } from './canonical-json.ts'
import { decodeWith, type Encodable, encode, encodeStamp, Reader, refuse } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import { type DeveloperId, developerIdOf, parseDeveloperId } from './ids.ts'
import { PUBLIC_KEY_BYTES, parseKey } from './keys.ts'
import { LIMITS } from './limits.ts'
import { checkedName } from './names.ts'
import { fail, ok, type Result } from './result.ts'
import { compareStamps, equalBytes, type Stamp } from './stamp.ts'

export interface DeveloperProfile {
  readonly name: string
  readonly profileUrl: string
  readonly github: string
}

export const NO_PROFILE: DeveloperProfile = { name: '', profileUrl: '', github: '' }

export interface DeveloperRecord {
  readonly id: DeveloperId
  readonly publicKey: Uint8Array
  /** Stamp of the act with which this record began. */
  readonly birth: Stamp
  /** Stamp of the newest write. */
  readonly stamp: Stamp
  /** Newest time of the developer accepted, in any birth; 0 where there is none. */
  readonly issuedAtMs: number
  readonly profile: DeveloperProfile
  /** The handle it claims. Whether it holds it is a matter of all records: the least claim stamp does. */
  readonly handle: { readonly text: string; readonly claim: Stamp } | undefined
  readonly bytes: Uint8Array
}

export type DeveloperFields = Omit<DeveloperRecord, 'profile' | 'handle' | 'bytes'> & {
  /** Stamp of the write of this birth that first claimed the handle; undefined where the acts claim none. */
  readonly handleClaim: Stamp | undefined
  /** Those that still show, oldest first. */
  readonly acts: readonly Act[]
}

/** Encodes fields as a record. Fails as `parseDeveloperRecord` would. */
export const makeDeveloperRecord = (fields: DeveloperFields): Result<DeveloperRecord> =>
  parseDeveloperRecord(encode(layout(fields)))

const layout = (fields: DeveloperFields): Encodable => [
  fields.id,
  fields.publicKey,
  encodeStamp(fields.birth),
  encodeStamp(fields.stamp),
  fields.issuedAtMs,
  fields.handleClaim === undefined ? null : encodeStamp(fields.handleClaim),
  fields.acts.map(encodeAct),
]

const readFields = (reader: Reader): DeveloperFields => ({
  id: reader.parsed('developer id', 64, parseDeveloperId),
  publicKey: reader.bytesExactly('public key', PUBLIC_KEY_BYTES),
  birth: reader.stamp('birth'),
  stamp: reader.stamp('stamp'),
  issuedAtMs: reader.uint('issued at'),
  handleClaim: reader.optional(() => reader.stamp('handle claim')),
  acts: reader.list('acts', LIMITS.developerActsMax, (value) => {
    const act = new Reader(value, 'act')
    const read = readAct(act)
    act.end()
    return read
  }),
})

/** The record that `bytes` spell: shape, caps, I1 and what the acts say; signatures are left to `developerChecks`. */
export const parseDeveloperRecord = (bytes: Uint8Array): Result<DeveloperRecord> => {
  const fields = decodeWith('developer record', bytes, LIMITS.developerBytesMax, readFields)
  if (!fields.ok) return fields
  const { acts, handleClaim, ...rest } = fields.value
  const { id, publicKey, birth, stamp } = rest
  if (developerIdOf(publicKey) !== id) return fail('id_mismatch', `the key does not give the id ${id}`)
  if (acts.length === 0) return fail('malformed', 'a record holds what its developer said, and this one holds nothing')
  const said = developerSays(acts, { id, publicKey })
  if (!said.ok) return said
  const { handle, ...profile } = said.value
  if ((handle === undefined) !== (handleClaim === undefined)) {
    return fail('malformed', 'a claim stamp stands beside a handle, and beside nothing else')
  }
  const ordered = [birth, ...(handleClaim === undefined ? [] : [handleClaim]), stamp]
  if (ordered.some((one, i) => i > 0 && compareStamps(ordered[i - 1] ?? one, one) > 0)) {
    return fail('malformed', 'a record is born, claims its handle and is written last, in this order')
  }
  const held = handle === undefined || handleClaim === undefined ? undefined : { text: handle, claim: handleClaim }
  return ok({ ...rest, profile, handle: held, bytes })
}

/** The acts a record carries: the evidence behind its profile and its claim. */
export const developerActsOf = (record: DeveloperRecord): readonly Act[] => {
  const fields = decodeWith('developer record', record.bytes, LIMITS.developerBytesMax, readFields)
  if (!fields.ok) throw new Error(`a parsed record does not parse: ${fields.message}`)
  return fields.value.acts
}

/** Every signature that must hold for a record to be believed (I3). */
export const developerChecks = (record: DeveloperRecord): Result<readonly SignatureCheck[]> => {
  const checks: SignatureCheck[] = []
  for (const act of developerActsOf(record)) {
    const found = actChecks(act, { id: record.id, publicKey: record.publicKey, proof: undefined })
    if (!found.ok) return found
    checks.push(...found.value)
  }
  return ok(checks)
}

/** `acts` with `act` added, without those of which nothing shows any more. A release shows for as long as it is the last word. */
export const developerActsWith = (acts: readonly Act[], act: Act): readonly Act[] =>
  showingActs(acts, act, { fieldsOf, isKept: () => false })

export type DeveloperSaying = DeveloperProfile & { readonly handle: string | undefined }

/** What acts, oldest first, say together. */
export const developerSays = (acts: readonly Act[], who: Who): Result<DeveloperSaying> => {
  let said: DeveloperSaying = { ...NO_PROFILE, handle: undefined }
  for (const act of acts) {
    const next = saidAlso(said, act, who)
    if (!next.ok) return next
    said = next.value
  }
  return ok(said)
}

interface Who {
  readonly id: DeveloperId
  readonly publicKey: Uint8Array
}

const saidAlso = (said: DeveloperSaying, act: Act, who: Who): Result<DeveloperSaying> => {
  if (act.by !== 'developer') return fail('malformed', 'only the developer speaks in its record')
  const content = actContent(act)
  if (!content.ok) return content
  const { body } = content.value
  const about = namesWho(act, body, who)
  if (!about.ok) return about
  switch (act.kind) {
    case 'register_developer':
    case 'update_developer': {
      const profile = overlaid(said, body)
      if (!profile.ok || !claimsHandle(act, body)) return profile
      const handle = checkedName('handle', body.handle)
      return handle.ok ? ok({ ...profile.value, handle: handle.value }) : handle
    }
    case 'claim_handle': {
      const handle = checkedName('handle', body.handle)
      return handle.ok ? ok({ ...said, handle: handle.value }) : handle
    }
    case 'release_handle':
      return ok(body.handle === said.handle ? { ...said, handle: undefined } : said)
    default:
      return fail('malformed', `a developer's record holds no act of kind ${act.kind}`)
  }
}

/** Zynd's registration may name a handle, but does not sign it: only what the developer signed claims one. */
const claimsHandle = (act: Act, body: JsonObject): boolean =>
  act.kind === 'register_developer' && act.form === 'native' && body.handle !== undefined && body.handle !== ''

/** I1: an act that names key or id names this developer. A native one names one of the two. */
const namesWho = (act: Act, body: JsonObject, { id, publicKey }: Who): Result<undefined> => {
  const { developer_id, public_key } = body
  if (developer_id !== undefined && developer_id !== '' && developer_id !== id) {
    return fail('id_mismatch', `the act names another developer than ${id}`)
  }
  if (public_key !== undefined) {
    const key = typeof public_key === 'string' ? keyOf(public_key) : undefined
    if (key === undefined || !equalBytes(key, publicKey))
      return fail('id_mismatch', `the act names another key than that of ${id}`)
  } else if (act.kind === 'register_developer') {
    return fail('validation_failed', 'public_key is not "ed25519:" and 32 bytes in base64', { field: 'public_key' })
  } else if (act.form === 'native' && developer_id !== id) {
    return fail('id_mismatch', 'a native act of a developer names its developer_id')
  }
  return ok(undefined)
}

/** A key on the wire; AgentDNS also takes it without its prefix. */
const keyOf = (text: string): Uint8Array | undefined => parseKey(text) ?? parseKey(`ed25519:${text}`)

/** Who a registration of a developer is about, by its own word. */
export const developerOf = (body: JsonObject): Result<Who> => {
  const publicKey = typeof body.public_key === 'string' ? keyOf(body.public_key) : undefined
  if (publicKey === undefined) {
    return fail('validation_failed', 'public_key is not "ed25519:" and 32 bytes in base64', { field: 'public_key' })
  }
  const id = developerIdOf(publicKey)
  if (body.developer_id !== undefined && body.developer_id !== '' && body.developer_id !== id) {
    return fail('id_mismatch', `developer_id does not follow from public_key, which gives ${id}`)
  }
  return ok({ id, publicKey })
}

/** Fields of a developer on the wire, and how they are called in the profile. */
const FIELDS = { name: 'name', profile_url: 'profileUrl', github: 'github' } as const
const CHARS_MAX = { name: LIMITS.nameCharsMax, profile_url: LIMITS.urlCharsMax, github: LIMITS.githubCharsMax } as const
type Field = keyof typeof FIELDS
const FIELD_NAMES = Object.keys(FIELDS) as Field[]

const overlaid = (said: DeveloperSaying, body: JsonObject): Result<DeveloperSaying> => {
  if (!isWellFormedJson(body)) return fail('malformed', 'a text holds half a surrogate pair')
  const changed: Record<string, string> = {}
  for (const field of FIELD_NAMES) {
    if (body[field] === undefined) continue
    const value = fieldText(field, body[field])
    if (!value.ok) return value
    changed[FIELDS[field]] = value.value
  }
  return ok({ ...said, ...changed })
}

const fieldText = (field: Field, value: Json | undefined): Result<string> => {
  if (value === null) return ok('')
  if (typeof value !== 'string') return fail('validation_failed', `${field} is not a text`, { field })
  const chars = [...value].length
  if (chars > CHARS_MAX[field]) {
    return fail('validation_failed', `${field} has ${chars} characters, at most ${CHARS_MAX[field]} are allowed`, {
      field,
    })
  }
  if (field === 'profile_url' && value !== '' && !/^https?:\/\/[^\s/]+/i.test(value)) {
    return fail('validation_failed', 'profile_url is not an http or https URL', { field })
  }
  return ok(value)
}

/** The fields an act sets; a handle claimed or released is one of them. Empty where an update sets none. */
export const developerFieldsSet = (act: Act, body: JsonObject): readonly string[] => {
  if (act.kind === 'claim_handle' || act.kind === 'release_handle') return ['handle']
  // What a registration does not name it leaves empty, which is a word on it too.
  const isWhole = act.kind === 'register_developer'
  const fields: string[] = FIELD_NAMES.filter((field) => isWhole || body[field] !== undefined)
  return claimsHandle(act, body) ? [...fields, 'handle'] : fields
}

const fieldsOf = (act: Act): readonly string[] => {
  const content = actContent(act)
  return content.ok ? developerFieldsSet(act, content.value.body) : refuse('an accepted act does not parse')
}

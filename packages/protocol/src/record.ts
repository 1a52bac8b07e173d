/**
 * What an entity registered, as every node holds it: the owner's acts, and the two stamps by which records are ordered
 * (M2). The profile is a function of the acts (bodies overlaid in order), never a second truth.
 */
import {
  type Act,
  actChecks,
  actContent,
  encodeAct,
  proofCheck,
  readAct,
  registrant,
  type SaidAct,
  saidIn,
} from './act.ts'
import { showingActs } from './act-history.ts'
import { type Binding, bindingOf, versionsKept } from './binding.ts'
import type { JsonObject } from './canonical-json.ts'
import { decodeWith, type Encodable, encode, encodeStamp, Reader, refuse } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import { type EntityId, entityTypeOf, parseEntityId } from './ids.ts'
import { PUBLIC_KEY_BYTES } from './keys.ts'
import { LIMITS } from './limits.ts'
import { fieldsSet, identityFieldIn, overlayProfile, type Profile, type ProfileField, parseProfile } from './profile.ts'
import { fail, ok, type Result } from './result.ts'
import { compareStamps, equalBytes, type Stamp, sharedStamp } from './stamp.ts'

export interface EntityRecord {
  readonly id: EntityId
  readonly publicKey: Uint8Array
  /** Stamp of the registration with which this record began: its incarnation. Updates keep it. */
  readonly birth: Stamp
  /** Stamp of the newest write. */
  readonly stamp: Stamp
  /** Newest time of the owner accepted for this entity, in any of its births; 0 where there is none. */
  readonly issuedAtMs: number
  /** Stamp of the write of this birth that first set the name it bears now. */
  readonly nameClaim: Stamp
  readonly profile: Profile
  /** Its name under its developer. Whether it holds it is a matter of all records: the least claim stamp does. */
  readonly binding: (Binding & { readonly claim: Stamp }) | undefined
  /** Deterministic encoding of all of the above; profile and binding only through the acts. */
  readonly bytes: Uint8Array
}

export type RecordFields = Omit<EntityRecord, 'profile' | 'binding' | 'bytes'> & {
  /** Stamp of the write of this birth that first bound the name the acts leave; absent where they leave none. */
  readonly bindingClaim?: Stamp | undefined
  /** The registration first, then the updates that still show, oldest first. */
  readonly acts: readonly Act[]
}

/** Encodes fields as a record. Fails as `parseRecord` would: what this node writes, every node must be able to read. */
export const makeRecord = (fields: RecordFields): Result<EntityRecord> => parseRecord(encode(layout(fields)))

const layout = (fields: RecordFields): Encodable => [
  fields.id,
  fields.publicKey,
  encodeStamp(fields.birth),
  encodeStamp(fields.stamp),
  fields.issuedAtMs,
  encodeStamp(fields.nameClaim),
  // Most records bear no bound name: they have the short form.
  ...(fields.bindingClaim === undefined ? [] : [encodeStamp(fields.bindingClaim)]),
  fields.acts.map(encodeAct),
]

const readFields = (reader: Reader): RecordFields => ({
  id: reader.parsed('entity id', 64, parseEntityId),
  publicKey: reader.bytesExactly('public key', PUBLIC_KEY_BYTES),
  birth: reader.stamp('birth'),
  stamp: reader.stamp('stamp'),
  issuedAtMs: reader.uint('issued at'),
  nameClaim: reader.stamp('name claim'),
  bindingClaim: reader.isLast() ? undefined : reader.stamp('binding claim'),
  acts: reader.list('acts', LIMITS.actsMax, (value) => readWhole(value)),
})

const readWhole = (value: unknown): Act => {
  const reader = new Reader(value, 'act')
  const act = readAct(reader)
  reader.end()
  return act
}

/**
 * The record that `bytes` spell. Checks shape, caps, that the id follows from the key (I1) and that the acts give a valid
 * profile; signatures are left to `recordChecks`.
 */
export const parseRecord = (bytes: Uint8Array): Result<EntityRecord> => {
  const fields = decodeWith('record', bytes, LIMITS.recordBytesMax, readFields)
  if (!fields.ok) return fields
  const { id, publicKey, birth, issuedAtMs, bindingClaim, acts } = fields.value
  // Most records were written once, at their birth: the three stamps are then one.
  const nameClaim = sharedStamp(birth, fields.value.nameClaim)
  const stamp = sharedStamp(nameClaim, fields.value.stamp)
  // Every act after the birth is stamped later than it, or a deregistration would not end what it was said about (M2).
  if (compareStamps(birth, nameClaim) > 0 || compareStamps(nameClaim, stamp) > 0) {
    return fail('malformed', 'a record is born, claims its name and is written last, in this order')
  }
  const said = saidIn(acts)
  if (!said.ok) return said
  const profile = profileOf(fields.value, said.value)
  if (!profile.ok) return profile
  const bound = bindingOf(said.value, id)
  if (!bound.ok) return bound
  if ((bound.value === undefined) !== (bindingClaim === undefined)) {
    return fail('malformed', 'a claim stamp stands beside a bound name, and beside nothing else')
  }
  const binding = claimed(bound.value, bindingClaim)
  if (binding !== undefined && (compareStamps(birth, binding.claim) > 0 || compareStamps(binding.claim, stamp) > 0)) {
    return fail('malformed', 'a name is bound after the birth, and not after the last write')
  }
  // Member by member: a copy of the rest of an object has a hidden class of its own, half a kilobyte for each entity.
  return ok({ id, publicKey, birth, stamp, issuedAtMs, nameClaim, profile: profile.value, binding, bytes })
}

const claimed = (binding: Binding | undefined, claim: Stamp | undefined): EntityRecord['binding'] =>
  binding === undefined || claim === undefined ? undefined : { ...binding, claim }

/** The acts a record carries: the evidence behind its profile. */
export const actsOf = (record: EntityRecord): readonly Act[] => {
  const fields = decodeWith('record', record.bytes, LIMITS.recordBytesMax, readFields)
  if (!fields.ok) throw new Error(`a parsed record does not parse: ${fields.message}`)
  return fields.value.acts
}

const profileOf = (fields: RecordFields, [registration, ...updates]: readonly SaidAct[]): Result<Profile> => {
  if (registration?.act.kind !== 'register' || registration.act.by !== 'entity') {
    return fail('malformed', 'a record begins with a registration signed by the entity')
  }
  const who = registrant(registration.body)
  if (!who.ok) return who
  if (who.value.id !== fields.id || who.value.type !== entityTypeOf(fields.id)) {
    return fail('id_mismatch', `the registration gives the id ${who.value.id}, not ${fields.id}`)
  }
  if (!equalBytes(who.value.publicKey, fields.publicKey)) {
    return fail('id_mismatch', 'the key of the record is not that of its registration')
  }
  let profile = parseProfile(registration.body)
  for (const { act: update, body } of updates) {
    if (!profile.ok) return profile
    if (update.kind === 'bind_name' || update.kind === 'release_name') {
      if (update.by !== 'developer') return fail('malformed', 'a name is bound and released by the developer')
      continue
    }
    if (update.kind !== 'update') return fail('malformed', 'an act after the first is no update')
    profile = updated(profile.value, update, body, fields.id)
  }
  return profile
}

const updated = (profile: Profile, update: Act, body: JsonObject, id: EntityId): Result<Profile> => {
  // Zynd's form need not name the entity; a native update must, or it would serve every entity of its developer.
  if (body.entity_id !== id && (update.form === 'native' || body.entity_id !== undefined)) {
    return fail('id_mismatch', 'an update names another entity')
  }
  const field = identityFieldIn(body)
  return field === undefined ? overlayProfile(profile, body) : fail('validation_failed', `no update may carry ${field}`)
}

/** Every signature that must hold for a record to be believed (I3). */
export const recordChecks = (record: EntityRecord): Result<readonly SignatureCheck[]> => {
  const about = { id: record.id, publicKey: record.publicKey, proof: record.profile.developerProof }
  const checks: SignatureCheck[] = about.proof === undefined ? [] : [proofCheck(record.publicKey, about.proof)]
  for (const act of actsOf(record)) {
    const found = actChecks(act, about)
    if (!found.ok) return found
    checks.push(...found.value)
  }
  return ok(checks)
}

/** `acts` with `act` added, without those of which no field shows any more; of a bound name every version shows. */
export const actsWith = (acts: readonly Act[], act: Act): readonly Act[] => {
  const keepsVersion = versionsKept()
  return showingActs(acts, act, { fieldsOf, isKept: (one) => keepsVersion(one) || one.kind === 'register' })
}

const fieldsOf = (act: Act): readonly ProfileField[] => {
  // A name bound or released is the last word on what the entity is called, as one that it registered.
  if (act.kind === 'bind_name' || act.kind === 'release_name') return ['entity_name']
  const content = actContent(act)
  return content.ok ? fieldsSet(content.value.body) : refuse('an accepted act does not parse')
}

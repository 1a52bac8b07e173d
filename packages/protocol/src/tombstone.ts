/** What remains of a deregistered entity or developer: until purge a tombstone with the signed evidence, afterwards a grave (T1, T3). */
import { type Act, actChecks, actContent, encodeAct, proofCheck, readAct } from './act.ts'
import { decodeWith, encode, encodeStamp } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import { type EntityId, followsFromKey, isDeveloperId, parseEntryId } from './ids.ts'
import { PUBLIC_KEY_BYTES, SIGNATURE_BYTES } from './keys.ts'
import { LIMITS } from './limits.ts'
import type { DeveloperProof } from './profile.ts'
import { fail, ok, type Result } from './result.ts'
import type { Stamp } from './stamp.ts'

export interface Tombstone {
  readonly id: EntityId
  readonly publicKey: Uint8Array
  readonly stamp: Stamp
  /** Newest time of the owner accepted for this entity; 0 where there is none. */
  readonly issuedAtMs: number
  /** The owner's deregistration. */
  readonly act: Act
  /** The proof of the developer who signed the act, where a developer did. */
  readonly proof: DeveloperProof | undefined
  readonly bytes: Uint8Array
}

export interface Grave {
  readonly id: EntityId
  readonly stamp: Stamp
}

export const makeTombstone = (fields: Omit<Tombstone, 'bytes'>): Result<Tombstone> =>
  parseTombstone(
    encode([
      fields.id,
      fields.publicKey,
      encodeStamp(fields.stamp),
      fields.issuedAtMs,
      encodeAct(fields.act),
      fields.proof === undefined ? null : [fields.proof.publicKey, fields.proof.entityIndex, fields.proof.signature],
    ]),
  )

/** The tombstone that `bytes` spell. Checks shape, caps and I1; signatures are left to `tombstoneChecks`. */
export const parseTombstone = (bytes: Uint8Array): Result<Tombstone> => {
  const fields = decodeWith('tombstone', bytes, LIMITS.tombstoneBytesMax, (reader) => ({
    id: reader.parsed('entity id', 64, parseEntryId),
    publicKey: reader.bytesExactly('public key', PUBLIC_KEY_BYTES),
    stamp: reader.stamp('stamp'),
    issuedAtMs: reader.uint('issued at'),
    act: reader.nested('act', readAct),
    proof: reader.optional(() =>
      reader.nested('developer proof', (proof) => ({
        publicKey: proof.bytesExactly('developer key', PUBLIC_KEY_BYTES),
        entityIndex: proof.uint('entity index', 0xffffffff),
        signature: proof.bytesExactly('developer signature', SIGNATURE_BYTES),
      })),
    ),
  }))
  if (!fields.ok) return fields
  const { id, publicKey, act } = fields.value
  if (!followsFromKey(id, publicKey)) return fail('id_mismatch', `the key does not give the id ${id}`)
  if (act.kind !== (isDeveloperId(id) ? 'deregister_developer' : 'deregister')) {
    return fail('malformed', 'the act of a tombstone is no deregistration')
  }
  const content = actContent(act)
  if (!content.ok) return content
  if (act.form === 'native' && content.value.body[isDeveloperId(id) ? 'developer_id' : 'entity_id'] !== id) {
    return fail('id_mismatch', 'the deregistration names somebody else')
  }
  if (isDeveloperId(id) && (act.by !== 'developer' || fields.value.proof !== undefined)) {
    return fail('malformed', 'a developer signs for itself, and proves nothing about an entity by it')
  }
  return ok({ ...fields.value, bytes })
}

/** Every signature that must hold for a tombstone to be believed (I3). */
export const tombstoneChecks = (tombstone: Tombstone): Result<readonly SignatureCheck[]> => {
  const { act, proof } = tombstone
  const checks = actChecks(act, tombstone)
  // A proof is checked also where the entity signed: nothing unproven may travel as evidence.
  if (!checks.ok || proof === undefined) return checks
  return ok([...checks.value, proofCheck(tombstone.publicKey, proof)])
}

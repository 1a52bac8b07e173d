/** Keys, times and samples for the tests. Signatures are made and checked with node:crypto alone. */
import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type Act,
  type ActKind,
  type ActSigner,
  type Beat,
  COUNTER_MAX,
  type DeveloperProof,
  developerProofBytes,
  type EntityId,
  type EntityRecord,
  entityIdOf,
  type Failure,
  formatKey,
  type JsonObject,
  makeRecord,
  type NodeId,
  nativeActBytes,
  nativeBeatBytes,
  nativePayload,
  nodeIdOf,
  type RecordFields,
  type Result,
  type SignatureCheck,
  type Signer,
  type Stamp,
  type Status,
  utf8,
  WALL_MS_MAX,
} from '@rollcall/protocol'
import fc from 'fast-check'

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))

export const readVectors = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8'))

/** The signer of a seed of one byte thirty-two times, as in the vectors. */
export const signerOf = (byte: number): Signer => {
  const der = Buffer.concat([fromHex('302e020100300506032b657004220420'), Buffer.alloc(32, byte)])
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  return {
    publicKey: Uint8Array.from(Buffer.from(x ?? '', 'base64url')),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  }
}

export const entity = signerOf(1)
export const other = signerOf(2)
export const developer = signerOf(3)
export const nodeSigner = signerOf(4)

export const id: EntityId = entityIdOf('agent', entity.publicKey)
export const otherId: EntityId = entityIdOf('agent', other.publicKey)
export const node: NodeId = nodeIdOf(nodeSigner.publicKey)
export const otherNode: NodeId = nodeIdOf(signerOf(5).publicKey)

export const timeMs = 1_795_305_600_000
export const stamp = (afterMs = 0, counter = 0, by: NodeId = node): Stamp => ({
  wallMs: timeMs + afterMs,
  counter,
  node: by,
})

/** Whether a check holds: one of its messages is covered. */
export const holds = (check: SignatureCheck): boolean => {
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(check.publicKey).toString('base64url') },
    format: 'jwk',
  })
  return check.messages.some((message) => verify(null, message, key, check.signature))
}

export const allHold = (checks: Result<readonly SignatureCheck[]> | readonly SignatureCheck[]): boolean => {
  const list = 'ok' in checks ? unwrap(checks) : checks
  return list.length > 0 && list.every(holds)
}

export const unwrap = <T>(result: Result<T>): T => {
  assert.ok(result.ok, result.ok ? '' : `${result.code}: ${result.message}`)
  return result.value
}

export const failureOf = (result: Result<unknown>): Failure => {
  assert.ok(!result.ok, 'expected a failure')
  return result
}

export const codeOf = (result: Result<unknown>): string => failureOf(result).code

export const proof: DeveloperProof = {
  publicKey: developer.publicKey,
  entityIndex: 7,
  signature: developer.sign(developerProofBytes(entity.publicKey, 7)),
}

export const proofBody = {
  developer_public_key: formatKey(proof.publicKey),
  entity_index: proof.entityIndex,
  developer_signature: formatKey(proof.signature),
}

export const registrationBody = (fields: JsonObject = {}): JsonObject => ({
  name: 'Weather',
  entity_url: 'https://weather.example',
  public_key: formatKey(entity.publicKey),
  ...fields,
})

/** A native act of the entity, or of its developer. */
export const nativeAct = (kind: ActKind, body: JsonObject, by: ActSigner = 'entity', issuedAtMs = timeMs): Act => {
  const text = nativePayload({ body, issuedAtMs, nonce: 'n' })
  const signer = by === 'entity' ? entity : developer
  return { kind, form: 'native', by, text, signature: signer.sign(nativeActBytes(kind, text)) }
}

export const zyndUpdate = (body: JsonObject, by: ActSigner = 'entity'): Act => {
  const text = JSON.stringify(body)
  const signer = by === 'entity' ? entity : developer
  return { kind: 'update', form: 'zynd', by, text, signature: signer.sign(utf8(text)) }
}

export const registration = (fields: JsonObject = {}): Act => nativeAct('register', registrationBody(fields))
export const update = (fields: JsonObject, by: ActSigner = 'entity'): Act =>
  nativeAct('update', { entity_id: id, ...fields }, by)

export const recordFields = (...acts: readonly Act[]): RecordFields => ({
  id,
  publicKey: entity.publicKey,
  birth: stamp(),
  stamp: stamp(acts.length),
  issuedAtMs: timeMs,
  nameClaim: stamp(),
  acts,
})

export const recordOf = (...acts: readonly Act[]): EntityRecord => unwrap(makeRecord(recordFields(...acts)))

export const nativeBeat = (status: Status = 'active', nonce = 'nonce-1', at = timeMs): Beat => ({
  form: 'native',
  timeMs: at,
  text: nonce,
  status,
  node,
  signature: entity.sign(nativeBeatBytes({ entityId: id, node, nonce, timeMs: at, status })),
})

export const stamps: fc.Arbitrary<Stamp> = fc
  .tuple(fc.maxSafeNat(), fc.nat(COUNTER_MAX), fc.constantFrom(node, otherNode))
  .map(([wall, counter, by]) => ({ wallMs: wall % (WALL_MS_MAX + 1), counter, node: by }))

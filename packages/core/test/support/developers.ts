/** What developers say of themselves and of names, and their entries put together by hand. */
import {
  type Act,
  type ActKind,
  type DeveloperId,
  type DeveloperRecord,
  developerIdOf,
  type EntityId,
  type Entry,
  formatKey,
  type JsonObject,
  makeDeveloperRecord,
  makeTombstone,
  nativeActBytes,
  nativePayload,
  type Signer,
  type Stamp,
} from '@rollcall/protocol'
import { signerOf } from './keys.ts'
import { taken } from './taken.ts'

export interface Developer {
  readonly id: DeveloperId
  readonly signer: Signer
}

/** The developer whose key is that of `signerOf(label)`. */
export const developerNamed = (label: string): Developer => {
  const signer = signerOf(label)
  return { id: developerIdOf(signer.publicKey), signer }
}

let nonces = 0

/** A native act of a developer: about itself, or about the name of an entity. */
export const developersAct = (
  { signer }: Developer,
  kind: ActKind,
  said: { readonly body: JsonObject; readonly issuedAtMs: number },
): Act => {
  const text = nativePayload({ ...said, nonce: `developer ${++nonces}` })
  return { kind, form: 'native', by: 'developer', text, signature: signer.sign(nativeActBytes(kind, text)) }
}

export const developerRegistration = (developer: Developer, issuedAtMs: number, fields: JsonObject = {}): Act =>
  developersAct(developer, 'register_developer', {
    body: { public_key: formatKey(developer.signer.publicKey), ...fields },
    issuedAtMs,
  })

/** An act about the developer itself, which names it. */
export const aboutItself = (developer: Developer, kind: ActKind, issuedAtMs: number, fields: JsonObject = {}): Act =>
  developersAct(developer, kind, { body: { developer_id: developer.id, ...fields }, issuedAtMs })

export const binding = (
  developer: Developer,
  entity: EntityId,
  issuedAtMs: number,
  fields: { readonly entity_name: string; readonly version?: string },
): Act => developersAct(developer, 'bind_name', { body: { entity_id: entity, ...fields }, issuedAtMs })

export const developerRecordOf = (
  developer: Developer,
  said: {
    readonly birth: Stamp
    readonly stamp?: Stamp
    readonly name?: string
    readonly handle?: string
    readonly claim?: Stamp
  },
): DeveloperRecord => {
  const { birth, stamp = birth, name = 'a developer', handle, claim = birth } = said
  const fields = handle === undefined ? { name } : { name, handle }
  return taken(
    makeDeveloperRecord({
      id: developer.id,
      publicKey: developer.signer.publicKey,
      birth,
      stamp,
      issuedAtMs: 1,
      handleClaim: handle === undefined ? undefined : claim,
      acts: [developerRegistration(developer, 1, fields)],
    }),
  )
}

export const developerEntry = (developer: DeveloperRecord): Entry => ({
  kind: 'developer',
  id: developer.id,
  developer,
})

export const developerTombstone = (developer: Developer, stamp: Stamp, salt = 1): Entry => {
  const act = aboutItself(developer, 'deregister_developer', salt)
  const { id, signer } = developer
  const fields = { id, publicKey: signer.publicKey, stamp, issuedAtMs: salt, act, proof: undefined }
  return { kind: 'tombstone', id, tombstone: taken(makeTombstone(fields)) }
}

export const developerGrave = ({ id }: Developer, stamp: Stamp): Entry => ({ kind: 'grave', id, grave: { id, stamp } })

/** What owners say, signed as their clients sign it. */
import {
  type Act,
  type ActKind,
  developerProofBytes,
  formatKey,
  formatSignature,
  type JsonObject,
  nativeActBytes,
  nativePayload,
  type Signer,
  utf8,
  zyndRegistration,
  zyndRegistrationMessages,
} from '@rollcall/protocol'
import type { Owner } from './keys.ts'

let nonces = 0

/** A native act; `signer` is the owner's key unless a developer signs. */
export const nativeAct = (
  kind: ActKind,
  owner: Owner,
  said: { readonly body: JsonObject; readonly issuedAtMs: number; readonly developer?: Signer },
): Act => {
  const { body, issuedAtMs, developer } = said
  const text = nativePayload({ body, issuedAtMs, nonce: `nonce ${++nonces}` })
  const signature = (developer ?? owner.signer).sign(nativeActBytes(kind, text))
  return { kind, form: 'native', by: developer === undefined ? 'entity' : 'developer', text, signature }
}

/** The developer proof of a registration body (zynd-wire S12). */
export const proofJson = (owner: Owner, developer: Signer, entityIndex = 0): JsonObject => ({
  developer_public_key: formatKey(developer.publicKey),
  entity_index: entityIndex,
  developer_signature: formatSignature(developer.sign(developerProofBytes(owner.signer.publicKey, entityIndex))),
})

export interface Registration {
  readonly name?: string
  readonly developer?: Signer
  readonly fields?: JsonObject
}

const registrationBody = (owner: Owner, { name, developer, fields }: Registration): JsonObject => ({
  public_key: formatKey(owner.signer.publicKey),
  ...(owner.type === 'service' ? { entity_type: 'service' } : {}),
  name: name ?? 'an agent',
  entity_url: 'https://agent.example/',
  category: 'test',
  tags: ['a'],
  summary: '',
  ...(developer === undefined ? {} : { developer_proof: proofJson(owner, developer) }),
  ...fields,
})

export const registration = (owner: Owner, issuedAtMs: number, said: Registration = {}): Act =>
  nativeAct('register', owner, { body: registrationBody(owner, said), issuedAtMs })

export const update = (
  owner: Owner,
  issuedAtMs: number,
  said: { readonly fields: JsonObject; readonly developer?: Signer },
): Act =>
  nativeAct('update', owner, {
    body: { entity_id: owner.id, ...said.fields },
    issuedAtMs,
    ...(said.developer === undefined ? {} : { developer: said.developer }),
  })

export const deregistration = (owner: Owner, issuedAtMs: number, developer?: Signer): Act =>
  nativeAct('deregister', owner, {
    body: { entity_id: owner.id },
    issuedAtMs,
    ...(developer === undefined ? {} : { developer }),
  })

// ── The forms of Zynd's clients, which carry no time ────────────────────────────────────────────────────────────────

export const zyndRegister = (owner: Owner, said: Registration = {}): Act => {
  const body = registrationBody(owner, said)
  const [message] = zyndRegistrationMessages(body)
  if (message === undefined) throw new Error('a Zynd registration signs something')
  const act = zyndRegistration(JSON.stringify({ ...body, signature: formatSignature(owner.signer.sign(message)) }))
  if (!act.ok) throw new Error(act.message)
  return act.value
}

export const zyndUpdate = (owner: Owner, fields: JsonObject): Act => {
  const text = JSON.stringify(fields)
  return { kind: 'update', form: 'zynd', by: 'entity', text, signature: owner.signer.sign(utf8(text)) }
}

export const zyndDeregister = (owner: Owner): Act => ({
  kind: 'deregister',
  form: 'zynd',
  by: 'entity',
  text: '',
  signature: owner.signer.sign(utf8(owner.id)),
})

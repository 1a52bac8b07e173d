/**
 * What an owner said, as it was signed (I3): about an entity a registration, an update, a deregistration, and by its
 * developer the binding of a name and its release; about a developer the same three, and the claim of a handle and its
 * release.
 *
 * An act keeps the very text that was signed, so every node that hears of it can check it, and what was verified is what
 * is decoded (G2). Two forms: `native` signs domain and payload; `zynd` is what Zynd's existing clients send
 * (zynd-wire.md S1, S2b, S3 and, of developers, S4 and S6 to S11; see developer-act.ts). Zynd's forms carry no time: replayed, they are new acts of the owner.
 */
import { canonicalJson, isJsonObject, type Json, type JsonObject, parseJsonObject } from './canonical-json.ts'
import type { Encodable, Reader } from './codec.ts'
import type { SignatureCheck } from './crypto.ts'
import { releaseContent, zyndDeveloperMessages } from './developer-act.ts'
import { type EntityId, type EntityType, entityIdOf, isDeveloperId } from './ids.ts'
import { parseKey, parseSignature, SIGNATURE_BYTES } from './keys.ts'
import { LIMITS } from './limits.ts'
import { type DeveloperProof, developerProofBytes } from './profile.ts'
import { fail, ok, type Result } from './result.ts'
import { DOMAINS, signedBytes } from './signed-bytes.ts'
import { utf8 } from './text.ts'

export const ENTITY_ACT_KINDS = ['register', 'update', 'deregister', 'bind_name', 'release_name'] as const
/** What a developer says of itself. */
export const DEVELOPER_ACT_KINDS = [
  'register_developer',
  'update_developer',
  'deregister_developer',
  'claim_handle',
  'release_handle',
] as const
export const ACT_KINDS = [...ENTITY_ACT_KINDS, ...DEVELOPER_ACT_KINDS] as const
export type DeveloperActKind = (typeof DEVELOPER_ACT_KINDS)[number]
export type ActKind = (typeof ACT_KINDS)[number]
export const ACT_FORMS = ['native', 'zynd'] as const
export type ActForm = (typeof ACT_FORMS)[number]
export const ACT_SIGNERS = ['entity', 'developer'] as const
export type ActSigner = (typeof ACT_SIGNERS)[number]

export interface Act {
  readonly kind: ActKind
  readonly form: ActForm
  /** Whose key signed: the entity's, or that of the developer whose proof the record carries. */
  readonly by: ActSigner
  /** Native: the payload. Zynd: the request body as received; empty for a deregistration; what was signed of a release. */
  readonly text: string
  readonly signature: Uint8Array
}

export interface ActContent {
  /** The fields the act sets. */
  readonly body: JsonObject
  /** The owner's time, in milliseconds since the Unix epoch; absent in Zynd's forms. */
  readonly issuedAtMs?: number
}

/** The payload of a native act, to be signed by `nativeActBytes`. `nonce` makes two equal acts differ. */
export const nativePayload = (content: {
  readonly body: JsonObject
  readonly issuedAtMs: number
  readonly nonce: string
}): string => canonicalJson({ body: content.body, issued_at: content.issuedAtMs, nonce: content.nonce })

/** The bytes a native act signs: the domain of its kind, then the payload text. */
export const nativeActBytes = (kind: ActKind, payload: string): Uint8Array => signedBytes(DOMAINS[kind], payload)

/** What an act says. Fails with `malformed`; the signature is not looked at. */
export const actContent = (act: Act): Result<ActContent> => {
  if (act.form === 'zynd') {
    if (act.kind === 'deregister' || act.kind === 'deregister_developer') return ok({ body: {} })
    if (act.kind === 'release_handle' || act.kind === 'release_name') return releaseContent(act)
    const body = parseJsonObject(act.text)
    return body === undefined ? fail('malformed', 'the body is not a JSON object') : ok({ body })
  }
  const payload = parseJsonObject(act.text)
  if (payload === undefined) return fail('malformed', 'the payload is not a JSON object')
  const { body, issued_at: issuedAtMs, nonce } = payload
  if (!isJsonObject(body)) return fail('malformed', 'payload.body is not an object')
  if (typeof issuedAtMs !== 'number' || !Number.isSafeInteger(issuedAtMs) || issuedAtMs < 0) {
    return fail('malformed', 'payload.issued_at is not a time in milliseconds')
  }
  if (typeof nonce !== 'string' || nonce.length === 0 || nonce.length > LIMITS.nonceCharsMax) {
    return fail('malformed', `payload.nonce is not a text of 1 to ${LIMITS.nonceCharsMax} characters`)
  }
  return ok({ body, issuedAtMs })
}

/** An act with what it says. */
export interface SaidAct extends ActContent {
  readonly act: Act
}

/** What each of these acts says, in their order. Fails as the first of them that cannot be read. */
export const saidIn = (acts: readonly Act[]): Result<readonly SaidAct[]> => {
  const said: SaidAct[] = []
  for (const act of acts) {
    const content = actContent(act)
    if (!content.ok) return content
    said.push({ act, ...content.value })
  }
  return ok(said)
}

/** Who a registration is about, by its own word: type, key, and the id that follows (I1). */
export const registrant = (
  body: JsonObject,
): Result<{ readonly id: EntityId; readonly type: EntityType; readonly publicKey: Uint8Array }> => {
  // AgentDNS also takes the key without its prefix.
  const text = typeof body.public_key === 'string' ? body.public_key : ''
  const publicKey = parseKey(text) ?? parseKey(`ed25519:${text}`)
  if (publicKey === undefined) return fail('validation_failed', 'public_key is not "ed25519:" and 32 bytes in base64')
  const type: EntityType = body.entity_type === 'service' ? 'service' : 'agent'
  const id = entityIdOf(type, publicKey)
  if (body.entity_id !== undefined && body.entity_id !== id) {
    return fail('id_mismatch', `entity_id does not follow from public_key, which gives ${id}`)
  }
  return ok({ id, type, publicKey })
}

/**
 * The signatures that must hold for `act` about the entity with this id and key. `proof` is the developer proof of the
 * record the act belongs to; an act by a developer needs it.
 */
export const actChecks = (
  act: Act,
  about: { readonly id: EntityId; readonly publicKey: Uint8Array; readonly proof: DeveloperProof | undefined },
): Result<readonly SignatureCheck[]> => {
  // A developer speaks of itself with its own key, and of an entity with the key whose proof the record carries.
  const signer = act.by === 'developer' && !isDeveloperId(about.id) ? about.proof?.publicKey : about.publicKey
  if (signer === undefined) return fail('forbidden', 'the record names no developer who could sign for it')
  return ok([{ publicKey: signer, messages: messagesOf(act, about.id), signature: act.signature }])
}

/** The check of a developer's word that an entity key is theirs. */
export const proofCheck = (entityPublicKey: Uint8Array, proof: DeveloperProof): SignatureCheck => ({
  publicKey: proof.publicKey,
  messages: [developerProofBytes(entityPublicKey, proof.entityIndex)],
  signature: proof.signature,
})

const messagesOf = (act: Act, id: EntityId): readonly Uint8Array[] => {
  if (act.form === 'native') return [nativeActBytes(act.kind, act.text)]
  switch (act.kind) {
    case 'deregister':
    case 'deregister_developer':
      return [utf8(id)]
    case 'update':
    case 'update_developer':
    case 'release_handle':
    case 'release_name':
      return [utf8(act.text)]
    case 'register':
      return zyndRegistrationMessages(parseJsonObject(act.text) ?? {})
    case 'register_developer':
    case 'claim_handle':
    case 'bind_name':
      return zyndDeveloperMessages(act.kind, parseJsonObject(act.text) ?? {})
  }
}

/**
 * The bytes Zynd's registration signs (zynd-wire S1). A body without `tags` may have been signed over `[]` or over `null`,
 * one without another covered field over an empty text or, by the TypeScript SDK, over `null`; `entity_type` is covered
 * only where it is not empty.
 */
export const zyndRegistrationMessages = (body: JsonObject): readonly Uint8Array[] => {
  const { entity_type } = body
  const typed = typeof entity_type === 'string' && entity_type !== '' ? { entity_type } : {}
  const covered = (tags: Json, absent: Json): Uint8Array => {
    const { category = absent, entity_url = absent, name = absent, public_key = absent, summary = absent } = body
    return utf8(canonicalJson({ category, entity_url, name, public_key, summary, tags, ...typed }))
  }
  const tags: readonly Json[] = body.tags === undefined ? [[], null] : [body.tags]
  const absent = ['category', 'entity_url', 'summary'].some((field) => body[field] === undefined) ? ['', null] : ['']
  return absent.flatMap((text) => tags.map((list) => covered(list, text)))
}

/** A Zynd registration, its signature taken from its own body. */
export const zyndRegistration = (text: string): Result<Act> => {
  const body = parseJsonObject(text)
  if (body === undefined) return fail('malformed', 'the body is not a JSON object')
  const signature = typeof body.signature === 'string' ? parseSignature(body.signature) : undefined
  if (signature === undefined) return fail('signature_invalid', 'signature is not "ed25519:" and 64 bytes in base64')
  return ok({ kind: 'register', form: 'zynd', by: 'entity', text, signature })
}

export const encodeAct = (act: Act): Encodable => [act.kind, act.form, act.by, act.text, act.signature]

export const readAct = (reader: Reader): Act => ({
  kind: reader.oneOf('act kind', ACT_KINDS),
  form: reader.oneOf('act form', ACT_FORMS),
  by: reader.oneOf('act signer', ACT_SIGNERS),
  text: reader.text('act text', LIMITS.bodyBytesMax),
  signature: reader.bytesExactly('act signature', SIGNATURE_BYTES),
})

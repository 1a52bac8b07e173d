/** Entities that sign for themselves, and what nodes would hold of them: as true as what came over HTTP, made in bulk. */
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'
import {
  type Act,
  type ActKind,
  actsOf,
  actsWith,
  type Beat,
  type EntityRecord,
  entityIdOf,
  formatKey,
  type JsonObject,
  makeRecord,
  makeTombstone,
  type NodeId,
  nativeActBytes,
  nativePayload,
  nodeIdOf,
  parseBeatTime,
  type Result,
  type Signer,
  type Stamp,
  type Tombstone,
  utf8,
} from '@rollcall/protocol'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * The key of a seed as a JSON Web Key costs a fifth of the same in DER, and there are very many. Its public half, which the
 * form asks for and nobody has yet, is computed from the seed, whatever stands there.
 */
const signerOf = (name: string): Signer => {
  const seed = digest(name).toString('base64url')
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d: seed, x: seed }, format: 'jwk' })
  const { x } = createPublicKey(key).export({ format: 'jwk' })
  const publicKey = Uint8Array.from(Buffer.from(x ?? '', 'base64url'))
  return { publicKey, sign: (message) => Uint8Array.from(sign(null, message, key)) }
}

/** The key of entity number `number`. */
export const entitySigner = (number: number): Signer => signerOf(`bench entity ${number}`)

/** Nodes that wrote the records; they take no part themselves. */
const FOUNDERS: readonly NodeId[] = ['a', 'b', 'c'].map((name) => nodeIdOf(signerOf(`bench node ${name}`).publicKey))

/** A stamp of one of the founders; `counter` tells stamps of one millisecond apart. */
const stampAt = (wallMs: number, number: number): Stamp => {
  const node = FOUNDERS[number % FOUNDERS.length]
  if (node === undefined) throw new RangeError('a number has a founder')
  return { wallMs, counter: number % 1_000, node }
}

const VOCABULARY = 20_000

/** `count` words, common ones far more often than rare ones, as in life. */
const words = (number: number, what: string, count: number): string[] => {
  const chance = digest(`${what} ${number}`)
  return Array.from({ length: count }, (_, at) => {
    const share = chance.readUInt16LE((2 * at) % 32) / 0x10000
    return `w${Math.floor(VOCABULARY * share ** 4).toString(36)}`
  })
}

/** What entity number `number` says of itself. */
export const profile = (number: number, signer: Signer): JsonObject => ({
  category: `category-${number % 12}`,
  entity_url: `https://agents.example/${number}`,
  name: `Agent ${number}`,
  public_key: formatKey(signer.publicKey),
  summary: words(number, 'summary', 12).join(' '),
  tags: words(number, 'tag', 3).map((word, at) => `${word}${at}`),
})

const act = (signer: Signer, kind: ActKind, body: JsonObject, issuedAtMs: number): Act => {
  const text = nativePayload({ body, issuedAtMs, nonce: String(issuedAtMs) })
  return { kind, form: 'native', by: 'entity', text, signature: signer.sign(nativeActBytes(kind, text)) }
}

const whole = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.message)
  return result.value
}

/** Entity number `number`, registered at `wallMs`. */
export const registered = (number: number, wallMs: number): EntityRecord => {
  const signer = entitySigner(number)
  const id = entityIdOf('agent', signer.publicKey)
  const stamp = stampAt(wallMs, number)
  const acts = [act(signer, 'register', profile(number, signer), wallMs)]
  return whole(
    makeRecord({ id, publicKey: signer.publicKey, birth: stamp, stamp, nameClaim: stamp, issuedAtMs: wallMs, acts }),
  )
}

/** What it says of itself later. */
export const otherSummary = (number: number, wallMs = 0): JsonObject => ({
  summary: words(number, `summary at ${wallMs}`, 12).join(' '),
})

/** The record of entity number `number`, with another summary since `wallMs`. */
export const updated = (record: EntityRecord, number: number, wallMs: number): EntityRecord => {
  const body = { entity_id: record.id, ...otherSummary(number, wallMs) }
  const acts = actsWith(actsOf(record), act(entitySigner(number), 'update', body, wallMs))
  return whole(makeRecord({ ...record, stamp: stampAt(wallMs, number), issuedAtMs: wallMs, acts }))
}

/** What remains of entity number `number`, deregistered at `wallMs`. */
export const deregistered = (record: EntityRecord, number: number, wallMs: number): Tombstone => {
  const { id, publicKey } = record
  const signed = act(entitySigner(number), 'deregister', { entity_id: id }, wallMs)
  return whole(
    makeTombstone({
      id,
      publicKey,
      stamp: stampAt(wallMs, number),
      issuedAtMs: wallMs,
      act: signed,
      proof: undefined,
    }),
  )
}

/** A heartbeat of entity number `number`, in the form of Zynd's clients: bound to no node. */
export const beatOf = (number: number, wallMs: number): Beat => {
  const text = new Date(wallMs).toISOString()
  const timeMs = parseBeatTime(text) ?? wallMs
  return {
    form: 'zynd',
    timeMs,
    text,
    status: 'active',
    node: undefined,
    signature: entitySigner(number).sign(utf8(text)),
  }
}

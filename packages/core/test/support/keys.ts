/** Keys of nodes, entities and developers: made from a label, so that every run of a test has the same ids. */
import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { nativeSigner } from '@rollcall/identity/node'
import {
  type EntityId,
  type EntityType,
  entityIdOf,
  type NodeId,
  nodeIdOf,
  type SignatureCheck,
  type Signer,
} from '@rollcall/protocol'

/** The signer whose seed is SHA-256 of `label`. */
export const signerOf = (label: string): Signer =>
  nativeSigner(Uint8Array.from(createHash('sha256').update(label).digest()))

const publicKeys = new Map<string, KeyObject>()

const publicKeyObject = (publicKey: Uint8Array): KeyObject => {
  const x = Buffer.from(publicKey).toString('base64url')
  const known = publicKeys.get(x)
  if (known !== undefined) return known
  const made = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  publicKeys.set(x, made)
  return made
}

/** Whether one of the messages of a check is covered by its signature: at once, where a test cannot wait for a verifier. */
export const holds = ({ publicKey, messages, signature }: SignatureCheck): boolean =>
  messages.some((message) => verify(null, message, publicKeyObject(publicKey), signature))

/** An entity as its owner has it: the key, and the id that follows. */
export interface Owner {
  readonly id: EntityId
  readonly type: EntityType
  readonly signer: Signer
}

const owners = new Map<string, Owner>()

/** The owner named `label`; one and the same for equal labels. */
export const ownerOf = (label: string, type: EntityType = 'agent'): Owner => {
  const key = `${type} ${label}`
  const known = owners.get(key)
  if (known !== undefined) return known
  const signer = signerOf(`entity ${label}`)
  const owner: Owner = { id: entityIdOf(type, signer.publicKey), type, signer }
  owners.set(key, owner)
  return owner
}

export interface NodeKey {
  readonly id: NodeId
  readonly signer: Signer
}

/** `count` node keys in ascending order of id, so that a test can say which attendant wins a tie (M3). */
export const nodeKeys = (count: number): NodeKey[] =>
  Array.from({ length: count }, (_, i) => signerOf(`node ${i}`))
    .map((signer) => ({ id: nodeIdOf(signer.publicKey), signer }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))

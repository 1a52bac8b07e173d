/** Keys, ids and signatures of foreign clients (zynd-wire.md §1, §3), by node:crypto alone. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto'

/** What precedes the 32 bytes of a seed in PKCS #8 (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
const half = (key: Uint8Array): string => sha256(key).toString('hex').slice(0, 32)

export const textOf = (bytes: Uint8Array): string => `ed25519:${Buffer.from(bytes).toString('base64')}`

export class Key {
  readonly seed: Buffer
  readonly publicBytes: Buffer
  readonly #key: KeyObject

  /** A key that is always the same for the same words. */
  constructor(words: string | Uint8Array) {
    this.seed = typeof words === 'string' ? sha256(Buffer.from(`zynd ${words}`)) : Buffer.from(words)
    this.#key = createPrivateKey({ key: Buffer.concat([PKCS8, this.seed]), format: 'der', type: 'pkcs8' })
    this.publicBytes = createPublicKey(this.#key).export({ format: 'der', type: 'spki' }).subarray(-32)
  }

  get publicText(): string {
    return textOf(this.publicBytes)
  }

  get agentId(): string {
    return `zns:${half(this.publicBytes)}`
  }

  get serviceId(): string {
    return `zns:svc:${half(this.publicBytes)}`
  }

  get developerId(): string {
    return `zns:dev:${half(this.publicBytes)}`
  }

  get registryId(): string {
    return `zns:registry:${half(this.publicBytes)}`
  }

  signRaw(message: string | Uint8Array): Buffer {
    return sign(null, Buffer.from(message), this.#key)
  }

  sign(message: string | Uint8Array): string {
    return textOf(this.signRaw(message))
  }
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** The entity key with this index under a developer's seed. */
export const derive = (developer: Key, index: number): Key =>
  new Key(
    createHash('sha512')
      .update(Buffer.concat([developer.seed, Buffer.from('zns:agent:'), u32(index)]))
      .digest()
      .subarray(0, 32),
  )

export const proofOf = (
  developer: Key,
  entity: Key,
  index: number,
): { developer_public_key: string; entity_index: number; developer_signature: string } => ({
  developer_public_key: developer.publicText,
  entity_index: index,
  developer_signature: developer.sign(Buffer.concat([entity.publicBytes, u32(index)])),
})

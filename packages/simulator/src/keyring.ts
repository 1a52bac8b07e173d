/**
 * Signatures for a simulated world: keyed, deterministic and unforgeable within it, at a fiftieth of the price of Ed25519.
 *
 * A tag is SHA-512 over secret and message; a public key is a hash of the secret. Only the keyring knows which secret a
 * public key stands for, so whoever was handed no signer cannot sign, and whatever verifies was signed. Lengths are those
 * of Ed25519, so ids, records and messages are built and checked by the code that ships.
 *
 * Rejected: Ed25519 itself. Its verification alone would take ten times as long as everything else a node does, and what
 * it guards (encodings of points and scalars) has tests of its own in `identity`.
 */
import { createHash } from 'node:crypto'
import type { SignatureCheck, Signer, Verifier } from '@rollcall/protocol'

export class Keyring implements Verifier {
  readonly #seed: string
  readonly #secrets = new Map<string, Uint8Array>()

  constructor(seed: string) {
    this.#seed = seed
  }

  /** The signer named `label`: the same one each time it is asked for. */
  signer(label: string): Signer {
    const secret = createHash('sha256').update(`${this.#seed}/${label}`).digest()
    const publicKey = Uint8Array.from(createHash('sha256').update('public').update(secret).digest())
    this.#secrets.set(textOf(publicKey), secret)
    return { publicKey, sign: (message) => tag(secret, message) }
  }

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    return Promise.resolve(this.holds(publicKey, message, signature))
  }

  holds(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    const secret = this.#secrets.get(textOf(publicKey))
    return secret !== undefined && Buffer.compare(tag(secret, message), signature) === 0
  }

  /** Whether one of the messages of a check is covered by its signature. */
  covers({ publicKey, messages, signature }: SignatureCheck): boolean {
    return messages.some((message) => this.holds(publicKey, message, signature))
  }
}

const tag = (secret: Uint8Array, message: Uint8Array): Uint8Array =>
  Uint8Array.from(createHash('sha512').update(secret).update(message).digest())

const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

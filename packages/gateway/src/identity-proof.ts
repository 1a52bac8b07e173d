/**
 * `/.well-known/zynd-registry.json`: the word of this node that its domain, its key and the key of its certificate belong
 * together (zynd-wire.md §4.4). Signed over the canonical JSON of all fields but the signature.
 */
import type { Clock } from '@rollcall/core'
import { canonicalJson, formatKey, formatSignature, registryIdOf, type Signer, utf8 } from '@rollcall/protocol'
import type { GatewayInfo } from './init.ts'

const DAY_MS = 86_400_000
/** Longer than anyone keeps a copy, and short enough that a lost key stops being believed. */
const VALID_MS = 30 * DAY_MS
/** A proof is signed anew this often, so that one just fetched holds for weeks. */
const REISSUED_MS = DAY_MS

export interface IdentityProof {
  readonly type: 'registry-identity-proof'
  readonly version: '1.0'
  /** Host of the public URL; empty where there is none. */
  readonly domain: string
  readonly registry_id: string
  readonly ed25519_public_key: string
  /** `sha256:` and hexadecimal digits of the certificate's public key; empty where the API is plain http or it is not known. */
  readonly tls_spki_fingerprint: string
  readonly issued_at: string
  readonly expires_at: string
  readonly signature: string
}

export class IdentityProver {
  readonly #clock: Clock
  readonly #signer: Signer
  readonly #info: GatewayInfo
  #proof: IdentityProof | undefined
  #issuedMs = 0

  constructor(init: { readonly clock: Clock; readonly signer: Signer; readonly info: GatewayInfo }) {
    this.#clock = init.clock
    this.#signer = init.signer
    this.#info = init.info
  }

  proof(): IdentityProof {
    const nowMs = this.#clock.wallMs()
    if (this.#proof === undefined || Math.abs(nowMs - this.#issuedMs) >= REISSUED_MS) {
      this.#proof = this.#issue(nowMs)
      this.#issuedMs = nowMs
    }
    return this.#proof
  }

  #issue(nowMs: number): IdentityProof {
    const { publicKey } = this.#signer
    const { url, tlsSpkiFingerprint = '' } = this.#info
    const fields = {
      type: 'registry-identity-proof',
      version: '1.0',
      domain: url === '' ? '' : new URL(url).hostname,
      registry_id: registryIdOf(publicKey),
      ed25519_public_key: formatKey(publicKey),
      tls_spki_fingerprint: url.startsWith('https:') ? tlsSpkiFingerprint : '',
      issued_at: isoSeconds(nowMs),
      expires_at: isoSeconds(nowMs + VALID_MS),
    } as const
    return { ...fields, signature: formatSignature(this.#signer.sign(utf8(canonicalJson(fields)))) }
  }
}

const isoSeconds = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')

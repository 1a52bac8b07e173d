/**
 * Verifies Ed25519 signatures (RFC 8032) in the strict form of rule I2: a non-canonical or small-order point or scalar is
 * refused. Implemented twice by the identity package; both give the same answers on packages/protocol/vectors.
 */
export interface Verifier {
  /** Whether `signature` (64 bytes) by `publicKey` (32 bytes) covers `message`. Malformed input is `false`, never a throw. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>
}

/** Signs with one key. Synchronous and deterministic (RFC 8032), so a pure step may call it. */
export interface Signer {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
}

/**
 * One signature that must hold, as data: pure code says what to check, the edge checks it. `messages` lists the byte
 * strings of which one must be covered (Zynd's clients disagree about one absent field, zynd-wire S1).
 */
export interface SignatureCheck {
  readonly publicKey: Uint8Array
  readonly messages: readonly Uint8Array[]
  readonly signature: Uint8Array
}

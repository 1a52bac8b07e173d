/** Native acts as the client makes them: the text of an HTTP body that the owner's key has signed (I3). */
import {
  type ActKind,
  type ActSigner,
  base16,
  formatSignedRequest,
  type JsonObject,
  nativeActBytes,
  nativePayload,
  type Signer,
} from '@rollcall/protocol'

export interface SignedActInit {
  readonly kind: ActKind
  readonly body: JsonObject
  readonly signer: Signer
  /** `developer` where the key is that of the developer whose proof the record carries. */
  readonly by: ActSigner
  readonly issuedAtMs: number
  readonly nonce: Uint8Array
}

export const signedAct = (init: SignedActInit): string => {
  const { kind, body, signer, by, issuedAtMs } = init
  const text = nativePayload({ body, issuedAtMs: Math.floor(issuedAtMs), nonce: base16(init.nonce) })
  return formatSignedRequest({ kind, form: 'native', by, text, signature: signer.sign(nativeActBytes(kind, text)) })
}

/** One known signature: what arrived, the bytes that are signed, and by whom. */
import { developerKey, entityKey, hex } from './ground.ts'

export interface SignatureVector {
  readonly name: string
  /** What arrived, in the form in which it arrived; for an act, the text that the act keeps. */
  readonly input: string
  readonly by: 'entity' | 'developer'
  readonly public_key: string
  /** The bytes that are signed. */
  readonly message: string
  readonly signature: string
}

export const signed = (
  name: string,
  input: string,
  message: Uint8Array,
  by: 'entity' | 'developer' = 'entity',
): SignatureVector => {
  const signer = by === 'entity' ? entityKey : developerKey
  return {
    name,
    input,
    by,
    public_key: hex(signer.publicKey),
    message: hex(message),
    signature: hex(signer.sign(message)),
  }
}

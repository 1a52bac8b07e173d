import { utf8 } from './text.ts'

/** What a signature is for. Append only; the number at the end is the version of the layout. */
export const DOMAINS = {
  register: 'rollcall/register/1',
  update: 'rollcall/update/1',
  deregister: 'rollcall/deregister/1',
  register_developer: 'rollcall/register-developer/1',
  update_developer: 'rollcall/update-developer/1',
  deregister_developer: 'rollcall/deregister-developer/1',
  claim_handle: 'rollcall/claim-handle/1',
  release_handle: 'rollcall/release-handle/1',
  bind_name: 'rollcall/bind-name/1',
  release_name: 'rollcall/release-name/1',
  beat: 'rollcall/beat/1',
  presence: 'rollcall/presence/1',
  word: 'rollcall/word/1',
  transitions: 'rollcall/transitions/1',
  status: 'rollcall/status/1',
} as const
export type Domain = (typeof DOMAINS)[keyof typeof DOMAINS]

/**
 * The bytes that are signed and verified (G2): the domain, then each part, each preceded by its length as a big-endian
 * u32. The lengths make the layout injective, and the domain keeps a signature for one purpose from serving another.
 */
export const signedBytes = (domain: Domain, ...parts: readonly (string | Uint8Array)[]): Uint8Array => {
  const chunks = [domain, ...parts].map((part) => (typeof part === 'string' ? utf8(part) : part))
  const out = new Uint8Array(chunks.reduce((sum, chunk) => sum + 4 + chunk.length, 0))
  const view = new DataView(out.buffer)
  let at = 0
  for (const chunk of chunks) {
    view.setUint32(at, chunk.length)
    out.set(chunk, at + 4)
    at += 4 + chunk.length
  }
  return out
}

/** Registers a developer whose key this node made, with an act signed like any other: nobody is let in by a back door. */
import type { DeveloperView, RequestContext } from '@rollcall/core'
import {
  type Act,
  base16,
  formatKey,
  nativeActBytes,
  nativePayload,
  parseDeveloperId,
  type Result,
} from '@rollcall/protocol'
import type { GatewayContext } from '../context.ts'
import type { DeveloperKey } from './developer-key.ts'

const NONCE_BYTES = 16
const KIND = 'register_developer'

export const registerDeveloper = (
  { registry, random, clock }: GatewayContext,
  { key, name, request }: { readonly key: DeveloperKey; readonly name: string; readonly request: RequestContext },
): Promise<Result<DeveloperView>> => {
  const id = parseDeveloperId(key.developerId)
  if (id === undefined) throw new Error(`${key.developerId} is not the id of a developer`)
  const text = nativePayload({
    body: { public_key: formatKey(key.signer.publicKey), ...(name === '' ? {} : { name }) },
    issuedAtMs: Math.floor(clock.wallMs()),
    nonce: base16(random.bytes(NONCE_BYTES)),
  })
  const signature = key.signer.sign(nativeActBytes(KIND, text))
  const act: Act = { kind: KIND, form: 'native', by: 'developer', text, signature }
  return registry.developerAct(id, act, request)
}

/**
 * A native act over HTTP: `{"payload": "<text>", "signature": "ed25519:…", "by"?: "developer"}`. The payload travels as a
 * text, so that the bytes signed are the bytes verified whatever either side's JSON library does with white space.
 */
import type { Act, ActKind } from './act.ts'
import { parseJsonObject } from './canonical-json.ts'
import { formatSignature, parseSignature } from './keys.ts'
import { LIMITS } from './limits.ts'
import { fail, ok, type Result } from './result.ts'

export const isSignedRequest = (body: string): boolean => typeof parseJsonObject(body)?.payload === 'string'

export const parseSignedRequest = (kind: ActKind, body: string): Result<Act> => {
  const request = parseJsonObject(body)
  if (request === undefined || typeof request.payload !== 'string') {
    return fail('malformed', 'the body is not {"payload": text, "signature": text}')
  }
  if (request.payload.length > LIMITS.bodyBytesMax) return fail('payload_too_large', 'the payload is too large')
  const signature = typeof request.signature === 'string' ? parseSignature(request.signature) : undefined
  if (signature === undefined) return fail('signature_invalid', 'signature is not "ed25519:" and 64 bytes in base64')
  if (request.by !== undefined && request.by !== 'entity' && request.by !== 'developer') {
    return fail('malformed', 'by is "entity" or "developer"')
  }
  return ok({ kind, form: 'native', by: request.by ?? 'entity', text: request.payload, signature })
}

export const formatSignedRequest = (act: Act): string =>
  JSON.stringify({ payload: act.text, signature: formatSignature(act.signature), by: act.by })

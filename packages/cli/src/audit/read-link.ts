/** A link of an audit chain as `GET /v1/audit` shows it, read back into what its hash covers. */
import type { AuditHead, AuditLink } from '@rollcall/core'
import { fromBase16, isJsonObject, type Json, parseStamp, type Stamp } from '@rollcall/protocol'

/** Undefined for what is no link. Whether the link holds, its hash tells (`breakOf`). */
export const readLink = (json: Json | undefined): AuditLink | undefined => {
  if (!isJsonObject(json)) return undefined
  const head = readHead(json)
  const previous = hashOf(json.previous)
  const atMs = typeof json.at === 'string' ? Date.parse(json.at) : Number.NaN
  const [kind, subject, from, to, reason, attendant] = TEXTS.map((field) => json[field])
  const stamp = stampOf(json.stamp)
  if (head === undefined || previous === undefined || Number.isNaN(atMs) || stamp === undefined) return undefined
  if (!isText(kind) || !isText(subject) || !isText(from) || !isText(to)) return undefined
  if (!isText(reason) || !isText(attendant)) return undefined
  return { ...head, previous, fact: { atMs, kind, subject, from, to, reason, attendant, ...stamp } }
}

/** `{number, hash}` as links and nodes tell it. */
export const readHead = (json: Json | undefined): AuditHead | undefined => {
  if (!isJsonObject(json)) return undefined
  const { number } = json
  const hash = hashOf(json.hash)
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 && hash !== undefined
    ? { number, hash }
    : undefined
}

const TEXTS = ['kind', 'subject', 'from', 'to', 'reason', 'attendant'] as const

const isText = (value: Json | undefined): value is string => typeof value === 'string'

const hashOf = (value: Json | undefined): Uint8Array | undefined =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value) ? fromBase16(value) : undefined

/** Null stands for none; a text that is no stamp makes the link unreadable. */
const stampOf = (value: Json | undefined): { readonly stamp: Stamp | undefined } | undefined => {
  if (value === null) return { stamp: undefined }
  const stamp = typeof value === 'string' ? parseStamp(value) : undefined
  return stamp === undefined ? undefined : { stamp }
}

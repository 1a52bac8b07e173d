/**
 * The audit chain of a node (A1): every transition it accepted, in order, each link covering the hash of the one before. A
 * link that was changed, removed, added or moved breaks the chain at that place; a cut tail is found by the heads that
 * peers remember, because they ride on the status of the node.
 */
import {
  decodeWith,
  type Encodable,
  encode,
  encodeStamp,
  equalBytes,
  type Result,
  type Stamp,
  sha256,
} from '@rollcall/protocol'
import type { StoreOp } from './ports/store.ts'

/** What a link says. Shape of the payload: `auditPayload`. */
export interface AuditFact {
  readonly atMs: number
  /** A kind of transition, or `verdict`. */
  readonly kind: string
  /** The entity; of a verdict the node. */
  readonly subject: string
  readonly from: string
  readonly to: string
  readonly reason: string
  readonly attendant: string
  readonly stamp: Stamp | undefined
}

export interface AuditLink {
  /** 1 for the first link ever. */
  readonly number: number
  readonly previous: Uint8Array
  readonly fact: AuditFact
  readonly hash: Uint8Array
}

/** The last link of a chain, or of the part of it that was pruned: what a verification begins from. */
export interface AuditHead {
  readonly number: number
  readonly hash: Uint8Array
}

export const GENESIS: AuditHead = { number: 0, hash: new Uint8Array(32) }

const DOMAIN = 'rollcall/audit/1'
const LINK_BYTES_MAX = 2_048
const TEXT_CHARS_MAX = 128

const factLayout = (fact: AuditFact): Encodable => [
  Math.max(0, Math.round(fact.atMs)),
  fact.kind,
  fact.subject,
  fact.from,
  fact.to,
  fact.reason,
  fact.attendant,
  fact.stamp === undefined ? null : encodeStamp(fact.stamp),
]

const hashOf = (number: number, previous: Uint8Array, fact: AuditFact): Uint8Array =>
  sha256(encode([DOMAIN, number, previous, factLayout(fact)]))

/** The link that follows `head`. */
export const nextLink = (head: AuditHead, fact: AuditFact): AuditLink => {
  const number = head.number + 1
  return { number, previous: head.hash, fact, hash: hashOf(number, head.hash, fact) }
}

/** Big-endian, so that the order of keys is the order of links. */
export const auditKey = (number: number): Uint8Array => {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(number))
  return key
}

export const putLink = ({ number, previous, fact, hash }: AuditLink): StoreOp => ({
  kind: 'put',
  table: 'audit',
  key: auditKey(number),
  value: encode([number, previous, factLayout(fact), hash]),
})

export const readLinkRow = (value: Uint8Array): Result<AuditLink> =>
  decodeWith('audit link', value, LINK_BYTES_MAX, (reader) => ({
    number: reader.uint('number'),
    previous: reader.bytesExactly('previous hash', 32),
    fact: reader.nested('fact', (fact) => ({
      atMs: fact.uint('at'),
      kind: fact.text('kind', TEXT_CHARS_MAX),
      subject: fact.text('subject', TEXT_CHARS_MAX),
      from: fact.text('from', TEXT_CHARS_MAX),
      to: fact.text('to', TEXT_CHARS_MAX),
      reason: fact.text('reason', TEXT_CHARS_MAX),
      attendant: fact.text('attendant', TEXT_CHARS_MAX),
      stamp: fact.optional(() => fact.stamp('stamp')),
    })),
    hash: reader.bytesExactly('hash', 32),
  }))

/** Why a link breaks the chain; undefined where it continues `head`. */
export const breakOf = (head: AuditHead, link: AuditLink): string | undefined => {
  if (link.number !== head.number + 1) return `link ${head.number + 1} is missing`
  if (!equalBytes(link.previous, head.hash)) return 'it does not cover the link before it'
  return equalBytes(hashOf(link.number, link.previous, link.fact), link.hash) ? undefined : 'it was changed'
}

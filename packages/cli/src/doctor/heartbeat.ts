/** Does the node take this entity, and does a beat signed with this key count? */
import { type ClientErrorCode, closeReason, errorSpec, type SessionEntity } from '@rollcall/client'
import { type EntityId, ERRORS } from '@rollcall/protocol'
import { EXIT } from '../failure.ts'
import { type Finding, failed, found } from './ladder.ts'
import type { Reply, Session } from './session.ts'

export const checkHello = async (session: Session, id: EntityId): Promise<Finding> => {
  const reply = await session.hello(id)
  if (reply.kind !== 'welcome') return refusal('hello', reply)
  return found(`welcome: a beat every ${reply.intervalMs / 1000} s, inactive after ${reply.thresholdMs / 1000} s`)
}

export const checkBeat = async (session: Session, entity: SessionEntity, nowMs: () => number): Promise<Finding> => {
  const sentMs = performance.now()
  const reply = await session.beat(entity, Math.floor(nowMs()))
  if (reply.kind !== 'ack') return refusal('the beat', reply)
  return found(`acknowledged in ${Math.round(performance.now() - sentMs)} ms, the entity is ${reply.status}`)
}

const refusal = (what: string, reply: Reply): Finding => {
  if (reply.kind === 'error') return failed(`${reply.code}: ${reply.message}`, remedyOf(reply.code), exitOf(reply.code))
  if (reply.kind === 'closed') {
    const known = closeReason(reply.code)
    const meaning = known === undefined ? reply.reason : `${known.name}: ${known.meaning}`
    const remedy = 'The log of the node says why, under the request id of this session.'
    return failed(`the node closed the socket after ${what} (${reply.code} ${meaning})`, remedy, EXIT.refused)
  }
  const remedy = 'Frames are lost on the way, or the node is stuck: check proxies that buffer, and the log of the node.'
  return failed(`no answer to ${what}`, remedy, EXIT.unreachable)
}

const REMEDIES: Readonly<Partial<Record<ClientErrorCode, string>>> = {
  entity_not_found: 'Register it: rollcall register --name NAME --url URL.',
  entity_deregistered: 'Register it again, if that is wanted: rollcall register --name NAME --url URL.',
  signature_invalid: 'Sign with the key of the entity: --key FILE, or ROLLCALL_KEY.',
  clock_skew: 'Set the clock of this machine by NTP.',
}

export const remedyOf = (code: string): string => {
  if (!Object.hasOwn(ERRORS, code)) return 'The log of the node says more.'
  const known = code as ClientErrorCode
  return REMEDIES[known] ?? errorSpec(known).remedy
}

export const exitOf = (code: string): number =>
  Object.hasOwn(ERRORS, code) ? errorSpec(code as ClientErrorCode).exit : EXIT.failed

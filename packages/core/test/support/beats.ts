/** Beats in the three forms that are accepted, and a goodbye (L2, L10). */
import {
  type Beat,
  formatSignature,
  type NodeId,
  nativeBeatBytes,
  parseDocumentedFrame,
  parseZyndFrame,
  type Result,
  type Status,
  utf8,
} from '@rollcall/protocol'
import type { Owner } from './keys.ts'

/** A native beat for `node`; with status `inactive` a goodbye. */
export const nativeBeat = (owner: Owner, node: NodeId, timeMs: number, status: Status = 'active'): Beat => {
  const text = 'nonce'
  const signed = nativeBeatBytes({ entityId: owner.id, node, nonce: text, timeMs, status })
  return { form: 'native', timeMs, text, status, node, signature: owner.signer.sign(signed) }
}

export const goodbye = (owner: Owner, node: NodeId, timeMs: number): Beat => nativeBeat(owner, node, timeMs, 'inactive')

/** A beat as Zynd's clients send it: the timestamp alone is signed, so any node takes it. */
export const zyndBeat = (owner: Owner, timeMs: number): Beat => {
  const timestamp = new Date(timeMs).toISOString()
  const signature = formatSignature(owner.signer.sign(utf8(timestamp)))
  return taken(parseZyndFrame(JSON.stringify({ timestamp, signature })))
}

/** A beat as Zynd's documentation has it: id and unix seconds, so `timeMs` is cut to seconds. */
export const documentedBeat = (owner: Owner, timeMs: number): Beat => {
  const timestamp = Math.floor(timeMs / 1000)
  const signature = formatSignature(owner.signer.sign(utf8(owner.id + String(timestamp))))
  return taken(parseDocumentedFrame(JSON.stringify({ agent_id: owner.id, timestamp, signature }))).beat
}

const taken = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(result.message)
  return result.value
}

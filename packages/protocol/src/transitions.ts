/** The payload of a gossip message: transitions of one short window, newest state per entity (G1), numbered (G4). */
import { decodeWith, encode, encodeStamp } from './codec.ts'
import { type Delta, deltaLayout, readDelta } from './entry.ts'
import { LIMITS } from './limits.ts'
import type { Result } from './result.ts'
import type { Stamp } from './stamp.ts'

export interface Transitions {
  /** The node's clock when it started, in milliseconds: above every run it had before. */
  readonly run: number
  /** 1 for the first message of a run, then one more each. */
  readonly number: number
  /** Issued when the message was sealed; its receiver moves past it (M4). */
  readonly stamp: Stamp
  readonly deltas: readonly Delta[]
}

export const encodeTransitions = (message: Transitions): Uint8Array =>
  encode([message.run, message.number, encodeStamp(message.stamp), message.deltas.map(deltaLayout)])

export const decodeTransitions = (payload: Uint8Array): Result<Transitions> =>
  decodeWith('transitions', payload, LIMITS.gossipBytesMax, (reader) => ({
    run: reader.uint('run'),
    number: reader.uint('number'),
    stamp: reader.stamp('stamp'),
    deltas: reader.list('entries', LIMITS.gossipEntriesMax, readDelta),
  }))

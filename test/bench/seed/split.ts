/** What happens on one side of a split: every kind of change, in the proportions of a busy day. */

import { putBeat, type StoreOp } from '@rollcall/core'
import { type Entry, encodePresence, type NodeId, type Presence, type Signer, signWords } from '@rollcall/protocol'
import { kindOfChange } from '@rollcall/simulator'
import { beatOf, deregistered, registered, updated } from './entity.ts'
import { type LargeStore, rowsOf } from './stores.ts'

const WORDS_PER_TURN = 256
/** Activations lie in the last minutes, so that their terms do not end while the nodes start. */
const LATELY_MS = 2 * 60_000

export interface SideInit {
  readonly store: LargeStore
  /** Of two sides one is 0 and the other 1: what one changes the other does not. */
  readonly side: number
  readonly changes: number
  /** The node of this side that accepts the heartbeats. */
  readonly attendant: { readonly nodeId: NodeId; readonly signer: Signer }
  readonly fromMs: number
  readonly toMs: number
}

/**
 * Changes of every kind (`kindOfChange`), spread over the time of the split. Of `store`, each side changes entities that are spread over the whole of it.
 */
export const sideOfSplit = (init: SideInit): { readonly shared: StoreOp[]; readonly attendants: StoreOp[] } => {
  const { store, side, changes, fromMs, toMs } = init
  const stride = Math.floor(store.count / changes)
  const activated: Activated[] = []
  const shared: StoreOp[] = []
  for (let at = 0; at < changes; at++) {
    const wallMs = Math.floor(fromMs + ((toMs - fromMs) * at) / changes)
    const number = at * stride + side
    const kind = kindOfChange(at)
    if (kind === 'register') {
      const record = registered(store.count + 2 * at + side, wallMs)
      shared.push(...rowsOf({ kind: 'record', id: record.id, record, presence: undefined }, wallMs))
      continue
    }
    const record = store.record(number)
    const { id } = record
    if (kind === 'update') shared.push(...rowsOf(recordEntry(updated(record, number, wallMs)), wallMs))
    else if (kind === 'activate')
      activated.push({ entry: recordEntry(record), number, wallMs: Math.floor(toMs - LATELY_MS * (1 - at / changes)) })
    else shared.push(...rowsOf({ kind: 'tombstone', id, tombstone: deregistered(record, number, wallMs) }, wallMs))
  }
  const attendants: StoreOp[] = []
  for (const { entry, heldMs, beat } of announced(activated, init.attendant)) {
    shared.push(...rowsOf(entry, heldMs))
    attendants.push(beat)
  }
  return { shared, attendants }
}

type RecordEntry = Extract<Entry, { kind: 'record' }>

export interface Activated {
  readonly entry: RecordEntry
  readonly number: number
  readonly wallMs: number
}

export const recordEntry = (record: RecordEntry['record']): RecordEntry => ({
  kind: 'record',
  id: record.id,
  record,
  presence: undefined,
})

/** As a node announces them: one signature for the presences of a turn. */
export function* announced(
  activated: readonly Activated[],
  { nodeId, signer }: SideInit['attendant'],
): Generator<{ readonly entry: Entry; readonly heldMs: number; readonly beat: StoreOp }> {
  for (let from = 0; from < activated.length; from += WORDS_PER_TURN) {
    const turn = activated.slice(from, from + WORDS_PER_TURN).map(({ entry, number, wallMs }, counter) => {
      const presence: Omit<Presence, 'bytes'> = {
        birth: entry.record.birth,
        status: 'active',
        beat: beatOf(number, wallMs),
        attendant: nodeId,
        cause: 'session',
        stamp: { wallMs, counter, node: nodeId },
      }
      return { entry, wallMs, presence: { ...presence, bytes: encodePresence(presence) } }
    })
    const words = signWords(
      turn.map(({ entry, presence }) => ({ id: entry.id, bytes: presence.bytes })),
      (message) => signer.sign(message),
    )
    for (const [at, { entry, wallMs, presence }] of turn.entries()) {
      const word = words[at]
      if (word === undefined) throw new Error('a word for each presence')
      const beat = putBeat(entry.id, { beat: presence.beat, acceptedMs: wallMs })
      yield { entry: { ...entry, presence: { ...presence, word } }, heldMs: entry.record.birth.wallMs, beat }
    }
  }
}

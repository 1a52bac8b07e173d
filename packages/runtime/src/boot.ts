/** Reads a node's state from its store (L5, S4). */
import {
  type Clock,
  type CoreSettings,
  type Log,
  liveRecord,
  type MemberRow,
  RegistryState,
  type RestoredEntry,
  readBeatRow,
  readClockRow,
  readEntryRow,
  readLinkRow,
  readMemberRow,
  restoreEntry,
  restoreMember,
  resumeLeases,
  SteadyClock,
  type Store,
} from '@rollcall/core'
import {
  compareBytes,
  decodeDelta,
  type Entry,
  fromUtf8,
  type NodeId,
  parseNodeId,
  type Result,
  utf8,
} from '@rollcall/protocol'
import { inSlices } from './slices.ts'

export interface BootInit {
  readonly self: NodeId
  readonly settings: CoreSettings
  readonly joins: boolean
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

/** The state as it was stored. A row that cannot be read is told and left out: sync brings it again. */
export const boot = async (init: BootInit): Promise<RegistryState> => {
  const { clock } = init
  const rows = await readEntries(init)
  const members = await readMembers(init)
  const monotonicMs = clock.monotonicMs()
  const storedMs = Math.max(await readClock(init), newestWallMs(rows.live), newestWallMs(rows.dead))
  const wallMs = clock.wallMs()
  // Stored stamps of peers may be ahead by up to the skew. A system clock further behind than that was set back (L4).
  const floorMs = storedMs - wallMs > init.settings.skewMs ? storedMs : 0
  const state = new RegistryState({
    self: init.self,
    settings: init.settings,
    steady: new SteadyClock({ wallMs, monotonicMs, floorMs }),
    // No stamp is issued twice, whatever the clock says.
    stampFloor: { wallMs: storedMs, counter: 0xffff },
    monotonicMs,
    ready: !init.joins || rows.live.length + rows.dead.length > 0,
  })
  const nodeMs = state.steady.at(monotonicMs)
  const wasAway = nodeMs - storedMs > 2 * init.settings.skewMs
  const dead = wasAway ? rows.dead.map((row) => retainedAnew(state, row, nodeMs)) : rows.dead
  dead.sort((a, b) => a.heldMs - b.heldMs)
  for (const some of [rows.live, dead]) await inSlices(clock, some, (row) => restoreEntry(state, row, monotonicMs))
  for (const { id, row } of members) restoreMember(state, id, row, monotonicMs)
  resumeLeases(state, monotonicMs)
  for await (const [, value] of init.store.scan('audit', { reverse: true, limit: 1 })) {
    const link = okOrLogged(readLinkRow(value), init.log)
    if (link !== undefined) state.auditHead = link
  }
  return state
}

/**
 * T2: what a node did not hold it did not keep. One that was away for longer than two skews may have been set back to an old
 * copy of its store: it keeps every tombstone for the whole retention again. Counted from the old copy, it would purge one
 * that its peers never saw it hold, and they would not believe the grave (T3).
 */
const retainedAnew = (state: RegistryState, row: RestoredEntry, nodeMs: number): RestoredEntry => {
  if (row.entry.kind !== 'tombstone') return row
  // Written by the ticks to come: a disk that refuses must not keep a node from starting.
  state.heldAnew.push(row.entry.id)
  return { ...row, heldMs: nodeMs }
}

/** Entries with presence and beat: three tables in one order of keys, walked side by side. */
const readEntries = async (init: BootInit): Promise<{ live: RestoredEntry[]; dead: RestoredEntry[] }> => {
  const { store, log } = init
  const presences = new Walk(store.scan('presence'))
  const beats = new Walk(store.scan('beat'))
  const live: RestoredEntry[] = []
  const dead: RestoredEntry[] = []
  for await (const [key, value] of store.scan('entry')) {
    const row = readEntryRow(value)
    if (!row.ok) {
      log.error('an entry in the store cannot be read; a sync will bring it again', {
        id: fromUtf8(key),
        reason: row.message,
      })
      continue
    }
    const presence = await presences.at(key)
    const beat = await beats.at(key)
    const entry = presence === undefined ? row.value.entry : withPresence(row.value.entry, presence)
    const readBeat = beat === undefined ? undefined : okOrLogged(readBeatRow(beat), log)
    const restored = { entry, heldMs: row.value.heldMs, beat: readBeat }
    ;(liveRecord(entry) === undefined ? dead : live).push(restored)
  }
  return { live, dead }
}

const withPresence = (entry: Entry, bytes: Uint8Array): Entry => {
  const delta = decodeDelta(bytes)
  return entry.kind === 'record' && delta.ok && delta.value.kind === 'presence'
    ? { ...entry, presence: delta.value.presence }
    : entry
}

/** A scan that is asked for ascending keys. */
class Walk {
  readonly #rows: AsyncIterator<readonly [Uint8Array, Uint8Array]>
  #next: Promise<IteratorResult<readonly [Uint8Array, Uint8Array]>> | undefined

  constructor(rows: AsyncIterable<readonly [Uint8Array, Uint8Array]>) {
    this.#rows = rows[Symbol.asyncIterator]()
  }

  /** The value at `key`, passing over lesser keys. */
  async at(key: Uint8Array): Promise<Uint8Array | undefined> {
    for (;;) {
      this.#next ??= this.#rows.next()
      const { done, value } = await this.#next
      if (done === true || compareBytes(value[0], key) > 0) return undefined
      this.#next = undefined
      if (compareBytes(value[0], key) === 0) return value[1]
    }
  }
}

const readMembers = async ({ store, log }: BootInit): Promise<{ id: NodeId; row: MemberRow }[]> => {
  const members: { id: NodeId; row: MemberRow }[] = []
  for await (const [key, value] of store.scan('member')) {
    const id = parseNodeId(fromUtf8(key) ?? '')
    const row = okOrLogged(readMemberRow(value), log)
    if (id !== undefined && row !== undefined) members.push({ id, row })
  }
  return members
}

const readClock = async ({ store, log }: BootInit): Promise<number> => {
  const value = await store.get('meta', utf8('clock'))
  return (value === undefined ? undefined : okOrLogged(readClockRow(value), log)) ?? 0
}

const okOrLogged = <T>(result: Result<T>, log: Log): T | undefined => {
  if (result.ok) return result.value
  log.error('a row of the store cannot be read', { reason: result.message })
  return undefined
}

const newestWallMs = (rows: readonly RestoredEntry[]): number => {
  let newest = 0
  for (const { entry } of rows) {
    if (entry.kind === 'record') newest = Math.max(newest, entry.record.stamp.wallMs, entry.presence?.stamp.wallMs ?? 0)
    else if (entry.kind === 'developer') newest = Math.max(newest, entry.developer.stamp.wallMs)
    else newest = Math.max(newest, entry.kind === 'tombstone' ? entry.tombstone.stamp.wallMs : entry.grave.stamp.wallMs)
  }
  return newest
}

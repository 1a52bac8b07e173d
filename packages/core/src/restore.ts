/** L5: what a node knows when it starts again, from its own store. */
import type { Beat, EntityId, Entry, NodeId, Presence } from '@rollcall/protocol'
import type { MemberRow } from './rows.ts'
import { NO_SESSION, type PrivateBeat, presenceOf, type RegistryState } from './state.ts'

export interface RestoredEntry {
  readonly entry: Entry
  readonly heldMs: number
  readonly beat: { readonly beat: Beat; readonly acceptedMs: number } | undefined
}

/** Puts one entity back. Tombstones must come in ascending order of `heldMs`. */
export const restoreEntry = (state: RegistryState, row: RestoredEntry, monotonicMs: number): void => {
  const nodeMs = state.steady.at(monotonicMs)
  const holding = state.replace(row.entry.id, row.entry, { nodeMs: row.heldMs, monotonicMs })
  // A beat of an earlier birth would lie here only if the deletion of its row was lost; newer ones outrank it anyway.
  if (row.beat !== undefined && row.entry.kind === 'record') {
    const { beat } = row.beat
    const acceptedMs = Math.min(row.beat.acceptedMs, nodeMs)
    holding.beat = { beat, acceptedMs, sessionId: NO_SESSION, address: '', health: undefined }
  }
}

export const restoreMember = (state: RegistryState, id: NodeId, row: MemberRow, monotonicMs: number): void => {
  const member = state.members.add(id, monotonicMs - row.silentMs)
  member.lastStamp = row.lastStamp
  member.verdict = row.verdict
  member.syncedMs = row.syncedMs
  member.auditHead = row.auditHead
}

/**
 * Grants every entity whose beats this node took what is left of its term, at least the grace; what it attended and was
 * silent for the whole term already is announced once peers had time to say that it beat elsewhere meanwhile: this node was
 * away, and its own silence proves nothing. Call once, after everything is restored.
 */
export const resumeLeases = (state: RegistryState, monotonicMs: number): void => {
  const nodeMs = state.steady.at(monotonicMs)
  const terms: { readonly id: EntityId; readonly leftMs: number }[] = []
  for (const [id, holding] of state.holdings) {
    const presence = presenceOf(holding.entry)
    if (presence === undefined) continue
    // Entries are written at once and members with the next flush: what an attendant said is a hearing of it (L6).
    state.members.hear(presence.attendant, presence.stamp, { nowMs: monotonicMs, ageMs: 0 })
    const leftMs = leftOfTerm(state, { presence, beat: holding.beat, nodeMs })
    if (leftMs !== undefined) terms.push({ id, leftMs })
  }
  terms.sort((a, b) => a.leftMs - b.leftMs)
  for (const { id, leftMs } of terms) state.leases.grant(id, monotonicMs + leftMs)
  for (const holding of state.holdings.values()) state.show(holding)
}

/** Time for the first sync after a start. */
const HEARSAY_MS = 10_000

/** Undefined where this node neither attends nor holds a newer beat than the attendant announced. */
const leftOfTerm = (
  { self, settings }: RegistryState,
  known: { readonly presence: Presence; readonly beat: PrivateBeat | undefined; readonly nodeMs: number },
): number | undefined => {
  const { presence, beat, nodeMs } = known
  if (presence.status === 'inactive') return undefined
  const attends = presence.attendant === self
  const newerMs = (beat?.beat.timeMs ?? -1) - presence.beat.timeMs
  if (!attends && (newerMs <= 0 || beat?.beat.status === 'inactive')) return undefined
  // The beat behind our own word is stored with it; where it was lost, the word is as old as the beat or younger.
  const acceptedMs = beat !== undefined && newerMs >= 0 ? beat.acceptedMs : presence.stamp.wallMs
  const silentMs = nodeMs - acceptedMs
  if (silentMs >= settings.thresholdMs) return attends ? Math.min(settings.graceMs, HEARSAY_MS) : undefined
  return Math.min(settings.thresholdMs, Math.max(settings.graceMs, settings.thresholdMs - silentMs))
}

/** L5: what a node knows when it starts again, from its own store. */
import type { Beat, EntityId, Entry, NodeId } from '@rollcall/protocol'
import type { MemberRow } from './rows.ts'
import { presenceOf, type RegistryState } from './state.ts'

export interface RestoredEntry {
  readonly entry: Entry
  readonly heldMs: number
  readonly beat: { readonly beat: Beat; readonly acceptedMs: number } | undefined
}

/** Session id of beats that were read from disk: older than every session of this run. */
const NO_SESSION = 0

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
 * Grants every entity this node attended what is left of its term, at least the grace; what was silent for the whole term
 * already is over at once, and the first tick announces it. Call once, after everything is restored.
 */
export const resumeLeases = (state: RegistryState, monotonicMs: number): void => {
  const { thresholdMs, graceMs } = state.settings
  const nodeMs = state.steady.at(monotonicMs)
  const terms: { readonly id: EntityId; readonly leftMs: number }[] = []
  for (const id of state.attended.get(state.self) ?? []) {
    const holding = state.holdings.get(id)
    const presence = holding === undefined ? undefined : presenceOf(holding.entry)
    if (holding === undefined || presence === undefined) continue
    const acceptedMs = Math.max(holding.beat?.acceptedMs ?? 0, presence.stamp.wallMs)
    const silentMs = nodeMs - acceptedMs
    terms.push({
      id,
      leftMs: silentMs >= thresholdMs ? 0 : Math.min(thresholdMs, Math.max(graceMs, thresholdMs - silentMs)),
    })
  }
  terms.sort((a, b) => a.leftMs - b.leftMs)
  for (const { id, leftMs } of terms) state.leases.grant(id, monotonicMs + leftMs)
  for (const holding of state.holdings.values()) state.show(holding)
}

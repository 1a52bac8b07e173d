/** How this node shows what it holds: entities, itself, the cluster. Reads only (no view changes state). */
import {
  type ClusterNodeView,
  type EntityView,
  type Holding,
  liveRecord,
  type Mesh,
  type NodeView,
  presenceOf,
  type RegistryState,
} from '@rollcall/core'
import { base16, type EntityRecord, type Failure, fail } from '@rollcall/protocol'
import type { Directory } from './directory.ts'
import type { RuntimeSettings } from './settings.ts'

/** How long an entity is shown as duplicate after two processes were noticed, in thresholds. */
const DUPLICATE_SHOWN_THRESHOLDS = 1

export class Views {
  readonly #state: RegistryState
  readonly #settings: RuntimeSettings
  readonly #startedMs: number
  readonly #directory: Directory

  constructor(state: RegistryState, settings: RuntimeSettings, startedMs: number, directory: Directory) {
    this.#state = state
    this.#directory = directory
    this.#settings = settings
    this.#startedMs = startedMs
  }

  entity(holding: Holding, record: EntityRecord, monotonicMs: number): EntityView {
    const state = this.#state
    const presence = presenceOf(holding.entry)
    const lastBeatMs = Math.max(holding.beat?.beat.timeMs ?? -1, presence?.beat.timeMs ?? -1)
    const { duplicateMs } = holding
    const shownMs = DUPLICATE_SHOWN_THRESHOLDS * this.#settings.thresholdMs
    return {
      id: record.id,
      record,
      status: state.shownNow(holding) === 'active' ? 'active' : 'inactive',
      lastBeatMs: lastBeatMs < 0 ? undefined : lastBeatMs,
      // What this node attends it knows to this moment; of others, to when their attendant last said something of it.
      asOfMs: Math.round(
        presence === undefined || presence.attendant === state.self
          ? state.steady.at(monotonicMs)
          : presence.stamp.wallMs,
      ),
      attendant: presence?.attendant,
      stamp: holding.item.stamp,
      duplicateInstance: duplicateMs !== undefined && monotonicMs - duplicateMs < shownMs,
      health: holding.beat?.health,
      ...this.#directory.nameOf(record),
    }
  }

  /** Why an entity that is no live record cannot be shown. */
  absent(id: string, holding: Holding | undefined): Failure {
    if (holding === undefined || liveRecord(holding.entry) !== undefined)
      return fail('entity_not_found', `${id} is not registered`)
    // A grave no longer says what was there; it only keeps it from coming back.
    if (holding.entry.kind !== 'tombstone') return fail('entity_not_found', `${id} is not registered`)
    return fail('entity_deregistered', `${id} was deregistered by its owner`, {
      deregistered_at: iso(holding.entry.tombstone.stamp.wallMs),
      purge_after: iso(holding.heldMs + this.#settings.retentionMs),
    })
  }

  node(): NodeView {
    const { name, url, mode, version } = this.#settings
    return {
      id: this.#state.self,
      name,
      url,
      mode,
      version,
      startedAtMs: this.#startedMs,
      counts: this.#state.counts,
      digest: base16(this.#state.items.fingerprint()),
    }
  }

  clusterNodes(mesh: Mesh, monotonicMs: number, roundTrips: ReadonlyMap<string, number>): ClusterNodeView[] {
    const nowMs = Math.round(this.#state.steady.at(monotonicMs))
    const { startedAtMs: _, ...self } = this.node()
    const connected = new Set(mesh.connectedPeers())
    const mine: ClusterNodeView = {
      ...self,
      self: true,
      state: 'heard',
      ready: this.#state.ready,
      lastSeenMs: nowMs,
      clockOffsetMs: 0,
      roundTripMs: undefined,
      connected: true,
      auditHead: this.#state.auditHead,
    }
    const others: ClusterNodeView[] = [...this.#state.members.all()].map((member) => ({
      id: member.id,
      name: member.status?.name ?? '',
      url: member.status?.url ?? '',
      mode: member.status?.mode ?? 'full',
      version: member.status?.version ?? '',
      counts: member.status?.counts ?? { active: 0, inactive: 0, tombstones: 0, graves: 0 },
      digest: member.status === undefined ? '' : base16(member.status.digest),
      self: false,
      state: this.#state.members.state(member, monotonicMs),
      ready: member.status?.ready ?? false,
      lastSeenMs: Math.max(0, Math.round(nowMs - (monotonicMs - member.heardMs))),
      clockOffsetMs: Math.round(member.clockOffsetMs ?? 0),
      roundTripMs: rounded(roundTrips.get(member.id)),
      connected: connected.has(member.id),
      auditHead: member.auditHead,
    }))
    return [mine, ...others.sort((a, b) => (a.id < b.id ? -1 : 1))]
  }
}

const rounded = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.round(10 * ms) / 10

const iso = (ms: number): string => new Date(ms).toISOString()

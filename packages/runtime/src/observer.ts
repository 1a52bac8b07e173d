/** What a turn decided, told to whoever watches: metrics, the event feed, this node's filter, and the operator's log. */
import type {
  Claim,
  ClaimChange,
  ClaimKind,
  Log,
  Metrics,
  Notice,
  RegistryEvent,
  RegistryState,
  TransitionNote,
} from '@rollcall/core'
import { type EntityId, formatStamp, isDeveloperId } from '@rollcall/protocol'
import { filterWords } from '@rollcall/search/bloom'
import type { Directory } from './directory.ts'
import { documentOf } from './document.ts'
import type { Feed } from './feed.ts'
import type { Filters } from './filters.ts'

export interface ObserverInit {
  readonly state: RegistryState
  readonly log: Log
  readonly metrics: Metrics
  readonly feed: Feed
  readonly filters: Filters
  readonly directory: Directory
}

export class Observer {
  readonly #init: ObserverInit
  #toldDeviationMs = 0

  constructor(init: ObserverInit) {
    this.#init = init
  }

  transition(note: TransitionNote): void {
    const { state, metrics, log, feed, filters } = this.#init
    const { kind, id, from, to, reason, attendant, atMs } = note
    metrics.count('transitions_total', { from, to, reason })
    const holding = state.holdings.get(id)
    const document = holding === undefined ? undefined : documentOf(holding)
    // A word of an active entity must be in the filter before anyone can search for it (F2, F4).
    if (document?.status === 'active' && attendant === state.self) filters.add(filterWords(document))
    const stamp = formatStamp(note.stamp)
    log.debug('transition', { kind, id, from, to, reason, attendant, stamp })
    const entry = holding?.entry
    feed.publish({
      type: kind,
      atMs: Math.round(atMs),
      ...(isDeveloperId(id) ? { developerId: id } : { entityId: id }),
      ...(entry?.kind === 'developer' ? { name: entry.developer.profile.name } : {}),
      from,
      to,
      reason,
      stamp,
      ...(attendant === undefined ? {} : { attendant }),
      ...(document === undefined ? {} : { name: document.name, category: document.category }),
    })
  }

  /** N1: who holds a handle or a name now; whoever lost it is told by what to call the reason. */
  claim({ claim, before, holder, lost, atMs }: ClaimChange): void {
    const { log, metrics, feed } = this.#init
    const { kind, key } = claim
    const tell = (event: 'claimed' | 'lost' | 'released', id: EntityId): void => {
      const type = CLAIM_EVENTS[kind][event]
      log.debug('a claim changed hands', { key, event, id, holder })
      if (type === undefined) return
      feed.publish({
        type,
        atMs: Math.round(atMs),
        ...this.#claimFields(claim, id),
        ...(event === 'lost' && holder !== undefined ? { holder, reason: 'conflict_duplicate_name' } : {}),
      })
    }
    if (before !== undefined && before !== holder && !lost.includes(before)) tell('released', before)
    if (holder !== undefined && holder !== before) tell('claimed', holder)
    for (const id of lost) {
      metrics.count('name_conflicts_total', { kind: kind === 'handle' ? kind : 'name' })
      log.warn('a claim was lost to an older one', { key, id, holder, code: 'conflict_duplicate_name' })
      tell('lost', id)
    }
  }

  #claimFields({ kind, developer, text }: Claim, id: EntityId): Partial<RegistryEvent> {
    if (kind === 'handle') return { handle: text, ...(isDeveloperId(id) ? { developerId: id } : {}) }
    const { directory } = this.#init
    const handle = kind === 'name' || developer === undefined ? undefined : directory.handleOf(developer)
    return {
      entityId: id,
      name: text,
      ...(developer === undefined ? {} : { developerId: developer }),
      ...(handle === undefined ? {} : { handle, fqan: directory.fqan({ handle, name: text }) }),
    }
  }

  notice(notice: Notice): void {
    const { log, metrics } = this.#init
    const { type, ...fields } = notice
    if (type === 'refused') {
      metrics.count('dropped_total', { queue: 'deltas', reason: notice.reason })
      return log.debug('an entry of a peer was refused', fields)
    }
    if (type === 'duplicate_instance') metrics.count('duplicate_instances_total')
    if (notice.type === 'clock' && !notice.followed) return this.#clockApart(notice.deviationMs)
    log.warn(NOTICES[type], fields)
  }

  /** Noticed with every tick while it lasts; told when it begins, and when it has changed by half. */
  #clockApart(deviationMs: number): void {
    if (Math.abs(deviationMs - this.#toldDeviationMs) < Math.abs(this.#toldDeviationMs) / 2) return
    this.#toldDeviationMs = deviationMs
    this.#init.log.warn('the system clock was moved; not followed while the other nodes disagree', { deviationMs })
  }
}

/** That an entity calls itself something new, its registration or update tells. */
const CLAIM_EVENTS: Record<ClaimKind, { [E in 'claimed' | 'lost' | 'released']?: RegistryEvent['type'] }> = {
  handle: { claimed: 'handle_claimed', lost: 'handle_lost', released: 'handle_released' },
  name: { lost: 'name_lost' },
  full_name: { claimed: 'name_registered', lost: 'name_lost', released: 'name_released' },
}

const NOTICES: Record<Notice['type'], string> = {
  duplicate_instance: 'two processes beat with one key',
  verdict: 'a node is gone: it was not heard for the threshold',
  late: 'this process was late; every deadline was moved',
  clock: 'the system clock was followed after a step',
  sync_refused:
    'entries of a peer were refused, so a sync with it counts for nothing: compare the clocks of the two nodes',
  refused: 'an entry of a peer was refused',
}

/** What a turn decided, told to whoever watches: metrics, the event feed, this node's filter, and the operator's log. */
import type { Log, Metrics, Notice, RegistryState, TransitionNote } from '@rollcall/core'
import { formatStamp } from '@rollcall/protocol'
import { filterWords } from '@rollcall/search/bloom'
import { documentOf } from './document.ts'
import type { Feed } from './feed.ts'
import type { Filters } from './filters.ts'

export interface ObserverInit {
  readonly state: RegistryState
  readonly log: Log
  readonly metrics: Metrics
  readonly feed: Feed
  readonly filters: Filters
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
    feed.publish({
      type: kind,
      atMs: Math.round(atMs),
      entityId: id,
      from,
      to,
      reason,
      stamp,
      ...(attendant === undefined ? {} : { attendant }),
      ...(document === undefined ? {} : { name: document.name, category: document.category }),
    })
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

const NOTICES: Record<Notice['type'], string> = {
  duplicate_instance: 'two processes beat with one key',
  verdict: 'a node is gone: it was not heard for the threshold',
  late: 'this process was late; every deadline was moved',
  clock: 'the system clock was followed after a step',
  refused: 'an entry of a peer was refused',
}

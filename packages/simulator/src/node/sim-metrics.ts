import type { CounterName, Labels, Metrics } from '@rollcall/core'

/** The counters that are compared with what was seen; everything else is left uncounted. */
export class SimMetrics implements Metrics {
  /** Outcomes of heartbeats (L9). */
  readonly beats: Map<string, number> = new Map()
  /** What bounded queues turned away, by queue. */
  readonly dropped: Map<string, number> = new Map()
  /** Syncs this node began, by outcome. */
  readonly syncs: Map<string, number> = new Map()
  /** Entries that syncs brought it. */
  syncRepairs = 0

  count(name: CounterName, labels: Labels = {}, by = 1): void {
    if (name === 'heartbeats_total') add(this.beats, labels.outcome ?? '', by)
    else if (name === 'dropped_total') add(this.dropped, `${labels.queue}/${labels.reason}`, by)
    else if (name === 'sync_rounds_total') add(this.syncs, labels.outcome ?? '', by)
    else if (name === 'sync_repairs_total') this.syncRepairs += by
  }

  gauge(): void {
    // Gauges describe state, which the checkers look at themselves.
  }

  observe(): void {
    // Durations are zero in a world where computing takes no time.
  }
}

const add = (counts: Map<string, number>, key: string, by: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + by)
}

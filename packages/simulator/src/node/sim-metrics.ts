import type { CounterName, Labels, Metrics } from '@rollcall/core'

/** The counters a checker compares with what it saw; everything else is left uncounted. */
export class SimMetrics implements Metrics {
  /** Outcomes of heartbeats (L9). */
  readonly beats: Map<string, number> = new Map()
  /** What bounded queues turned away, by queue. */
  readonly dropped: Map<string, number> = new Map()

  count(name: CounterName, labels: Labels = {}, by = 1): void {
    if (name === 'heartbeats_total') add(this.beats, labels.outcome ?? '', by)
    else if (name === 'dropped_total') add(this.dropped, `${labels.queue}/${labels.reason}`, by)
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

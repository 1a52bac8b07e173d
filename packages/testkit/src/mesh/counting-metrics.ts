import type { CounterName, GaugeName, HistogramName, Labels, Metrics } from '@rollcall/core'

/** Metrics that a test can read back. */
export class CountingMetrics implements Metrics {
  readonly #counters = new Map<string, number>()
  readonly #gauges = new Map<string, number>()
  readonly #observations = new Map<string, number[]>()

  count(name: CounterName, labels: Labels = {}, by = 1): void {
    const key = keyOf(name, labels)
    this.#counters.set(key, (this.#counters.get(key) ?? 0) + by)
  }

  gauge(name: GaugeName, value: number, labels: Labels = {}): void {
    this.#gauges.set(keyOf(name, labels), value)
  }

  observe(name: HistogramName, value: number, labels: Labels = {}): void {
    const key = keyOf(name, labels)
    const values = this.#observations.get(key)
    if (values === undefined) this.#observations.set(key, [value])
    else values.push(value)
  }

  /** The counter with exactly these labels; 0 where it was never counted. */
  counted(name: CounterName, labels: Labels = {}): number {
    return this.#counters.get(keyOf(name, labels)) ?? 0
  }

  gauged(name: GaugeName, labels: Labels = {}): number | undefined {
    return this.#gauges.get(keyOf(name, labels))
  }

  observed(name: HistogramName, labels: Labels = {}): readonly number[] {
    return this.#observations.get(keyOf(name, labels)) ?? []
  }
}

const keyOf = (name: string, labels: Labels): string =>
  JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))])

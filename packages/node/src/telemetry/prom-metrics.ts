import type { CounterName, GaugeName, HistogramName, Labels, MetricName, Metrics } from '@rollcall/core'
import { METRICS } from '@rollcall/core'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { BUCKETS } from './buckets.ts'

const PREFIX = 'rollcall_'
const NO_LABELS: Labels = {}

/**
 * The metrics port on prom-client. Every metric of the register exists from the start, so a graph shows 0 and not a hole
 * before the first event; those with labels begin with their first event.
 */
export class PromMetrics implements Metrics {
  /** Type of what `text()` answers, for the HTTP header. */
  readonly contentType: string
  readonly #registry = new Registry()
  readonly #counters = new Map<MetricName, Counter>()
  readonly #gauges = new Map<MetricName, Gauge>()
  readonly #histograms = new Map<MetricName, Histogram>()

  constructor() {
    this.contentType = this.#registry.contentType
    for (const [name, spec] of Object.entries(METRICS)) this.#create(name as MetricName, spec)
  }

  #create(name: MetricName, spec: (typeof METRICS)[MetricName]): void {
    const common = { name: PREFIX + name, help: spec.help, labelNames: [...spec.labels], registers: [this.#registry] }
    if (spec.kind === 'counter') this.#counters.set(name, new Counter(common))
    else if (spec.kind === 'gauge') this.#gauges.set(name, new Gauge(common))
    else this.#histograms.set(name, new Histogram({ ...common, buckets: [...BUCKETS[name as HistogramName]] }))
  }

  count(name: CounterName, labels: Labels = NO_LABELS, by = 1): void {
    this.#counters.get(name)?.inc(labels, by)
  }

  gauge(name: GaugeName, value: number, labels: Labels = NO_LABELS): void {
    this.#gauges.get(name)?.set(labels, value)
  }

  observe(name: HistogramName, value: number, labels: Labels = NO_LABELS): void {
    this.#histograms.get(name)?.observe(labels, value)
  }

  /** All metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }
}

/**
 * Metrics by name, without the `rollcall_` prefix. The set of names is closed: `METRICS` is the append-only register from
 * which the Prometheus adapter and docs/metrics.md are made, and a name outside it does not compile.
 *
 * Labels never carry an entity id (unbounded cardinality).
 */
export interface Metrics {
  count(name: CounterName, labels?: Labels, by?: number): void
  gauge(name: GaugeName, value: number, labels?: Labels): void
  observe(name: HistogramName, value: number, labels?: Labels): void
}

export type Labels = Readonly<Record<string, string>>

interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly labels: readonly string[]
  readonly help: string
}

export const METRICS = {
  entities: { kind: 'gauge', labels: ['status'], help: 'Entities as this node shows them, by status.' },
  transitions_total: { kind: 'counter', labels: ['from', 'to', 'reason'], help: 'Transitions this node applied.' },
  heartbeats_total: {
    kind: 'counter',
    labels: ['outcome'],
    help: 'Heartbeats received; each has exactly one outcome (L9).',
  },
  heartbeat_verify_seconds: { kind: 'histogram', labels: [], help: 'Time to verify the signature of one heartbeat.' },
  heartbeat_gap_seconds: { kind: 'histogram', labels: [], help: 'Time between two accepted heartbeats of one entity.' },
  duplicate_instances_total: {
    kind: 'counter',
    labels: [],
    help: 'Times two processes with one key were noticed (L8).',
  },
  sessions: { kind: 'gauge', labels: ['kind'], help: 'Open heartbeat sockets.' },
  session_closes_total: {
    kind: 'counter',
    labels: ['code'],
    help: 'Heartbeat sockets closed by this node, by close code.',
  },
  gossip_messages_total: { kind: 'counter', labels: ['direction', 'outcome'], help: 'Gossip messages in and out.' },
  gossip_propagation_seconds: {
    kind: 'histogram',
    labels: [],
    help: 'Age of a gossip message when it was applied here.',
  },
  sync_rounds_total: { kind: 'counter', labels: ['outcome'], help: 'Anti-entropy rounds.' },
  sync_bytes_total: { kind: 'counter', labels: ['direction'], help: 'Bytes of anti-entropy.' },
  sync_repairs_total: { kind: 'counter', labels: [], help: 'Entries changed by anti-entropy.' },
  peers: { kind: 'gauge', labels: ['state'], help: 'Known peers by state: heard, suspect, gone.' },
  peer_last_seen_seconds: { kind: 'gauge', labels: ['peer'], help: 'Seconds since a peer was last heard (L6).' },
  cluster_converged: { kind: 'gauge', labels: [], help: '1 if every heard node publishes an equal digest (S3).' },
  tombstones: { kind: 'gauge', labels: [], help: 'Tombstones held, evidence included.' },
  graves: { kind: 'gauge', labels: [], help: 'Graves held: purged tombstones.' },
  bloom_fill_ratio: { kind: 'gauge', labels: [], help: 'Share of bits set in the filter of this node.' },
  bloom_rebuild_seconds: { kind: 'histogram', labels: [], help: 'Time to rebuild the filter, off the main thread.' },
  search_seconds: { kind: 'histogram', labels: [], help: 'Time to answer a search.' },
  search_fanout_nodes: { kind: 'histogram', labels: [], help: 'Other nodes asked by one search (edge nodes).' },
  audit_length: { kind: 'gauge', labels: [], help: 'Links in the audit chain of this node (A1).' },
  http_request_seconds: { kind: 'histogram', labels: ['route', 'code'], help: 'Time to answer an HTTP request.' },
  card_fetches_total: { kind: 'counter', labels: ['outcome'], help: 'Cards fetched from agents, by what came of it.' },
  cards_cached: { kind: 'gauge', labels: [], help: 'Cards of agents held.' },
  queue_length: { kind: 'gauge', labels: ['queue'], help: 'Elements waiting in a bounded queue.' },
  dropped_total: { kind: 'counter', labels: ['queue', 'reason'], help: 'What a bounded queue or a limit turned away.' },
  store_write_seconds: { kind: 'histogram', labels: ['durable'], help: 'Time of one store batch.' },
  name_conflicts_total: {
    kind: 'counter',
    labels: ['kind'],
    help: 'Handles and names that a live claimant lost to an older claim (N1).',
  },
  event_loop_lag_seconds: {
    kind: 'gauge',
    labels: ['quantile'],
    help: 'Delay of the event loop over the last interval.',
  },
} as const satisfies Record<string, MetricSpec>

type NameOf<K extends MetricSpec['kind']> = {
  [N in keyof typeof METRICS]: (typeof METRICS)[N]['kind'] extends K ? N : never
}[keyof typeof METRICS]

export type MetricName = keyof typeof METRICS
export type CounterName = NameOf<'counter'>
export type GaugeName = NameOf<'gauge'>
export type HistogramName = NameOf<'histogram'>

/**
 * Upper bounds of the buckets of each histogram, in its own unit. Each spans what is good, what is bad and where the
 * limits of the rules lie, in steps a quantile can be read from.
 */
import type { HistogramName } from '@rollcall/core'

const MS = 1 / 1000

export const BUCKETS: Readonly<Record<HistogramName, readonly number[]>> = {
  heartbeat_verify_seconds: [0.1, 0.2, 0.5, 1, 2, 5, 10, 25, 50, 100].map((ms) => ms * MS),
  // One interval is 30 s, the threshold 300 s.
  heartbeat_gap_seconds: [0.5, 1, 2, 5, 10, 20, 29, 31, 35, 45, 60, 90, 120, 180, 240, 300, 600],
  // The batch window is 50 ms, an anti-entropy round 30 s.
  gossip_propagation_seconds: [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  bloom_rebuild_seconds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  search_seconds: [0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 1500, 2500].map((ms) => ms * MS),
  search_fanout_nodes: [0, 1, 2, 3, 5, 8, 13, 21, 34, 55],
  http_request_seconds: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000].map((ms) => ms * MS),
  store_write_seconds: [0.1, 0.25, 0.5, 1, 2, 5, 10, 25, 50, 100, 250, 1000].map((ms) => ms * MS),
}

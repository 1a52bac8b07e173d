import type { BenchNode } from './bench-node.ts'

/** What a node counted of its anti-entropy since it started. */
export interface SyncCounts {
  readonly bytesIn: number
  readonly bytesOut: number
  /** Syncs that this node began and that ended equal, and all others it began. */
  readonly equal: number
  readonly other: number
  /** Entries it took in. */
  readonly repairs: number
}

export const syncCounts = async (node: BenchNode): Promise<SyncCounts> => {
  const samples = await node.metrics()
  const of = (name: string): number => samples.get(`rollcall_${name}`) ?? 0
  return {
    bytesIn: of('sync_bytes_total{direction="in"}'),
    bytesOut: of('sync_bytes_total{direction="out"}'),
    equal: of('sync_rounds_total{outcome="equal"}'),
    other: of('sync_rounds_total{outcome="repaired"}') + of('sync_rounds_total{outcome="failed"}'),
    repairs: of('sync_repairs_total'),
  }
}

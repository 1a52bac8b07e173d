/** What happened in a history, counted: faults by kind, and what the workload did. */
export class Tally {
  readonly faults: Map<string, number> = new Map()
  readonly deeds: Map<string, number> = new Map()
  /** The longest time seen of each kind, in milliseconds. */
  readonly longestMs: Map<string, number> = new Map()

  fault(kind: string, by = 1): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + by)
  }

  deed(kind: string, by = 1): void {
    this.deeds.set(kind, (this.deeds.get(kind) ?? 0) + by)
  }

  longest(kind: string, ms: number): void {
    this.longestMs.set(kind, Math.max(ms, this.longestMs.get(kind) ?? 0))
  }
}

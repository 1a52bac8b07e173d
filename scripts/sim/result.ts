import type { Outcome } from '@rollcall/simulator'

/** What a process tells of a history, in a form that travels between processes. */
export type Result = {
  seed: string
  failure: { checker: string; sentence: string; atMs: number } | undefined
  /** The process ended over it. */
  broken?: boolean
  nodes?: number
  simulatedMs?: number
  events?: number
  faults?: [string, number][]
  deeds?: [string, number][]
  longestMs?: [string, number][]
}

export function resultOf({ seed, failure, plan, simulatedMs, events, tally }: Outcome): Result {
  return {
    seed,
    failure,
    nodes: plan.nodes,
    simulatedMs,
    events,
    faults: [...tally.faults],
    deeds: [...tally.deeds],
    longestMs: [...tally.longestMs],
  }
}

/** The sum of many results. */
export class Totals {
  histories = 0
  simulatedMs = 0
  nodeMs = 0
  events = 0
  readonly faults = new Map<string, number>()
  readonly deeds = new Map<string, number>()
  readonly longestMs = new Map<string, number>()
  readonly failed: Result[] = []

  add(result: Result): void {
    const { failure, nodes = 0, simulatedMs = 0, events = 0, faults = [], deeds = [], longestMs = [] } = result
    this.histories++
    this.simulatedMs += simulatedMs
    this.nodeMs += nodes * simulatedMs
    this.events += events
    for (const [kind, count] of faults) this.faults.set(kind, (this.faults.get(kind) ?? 0) + count)
    for (const [kind, count] of deeds) this.deeds.set(kind, (this.deeds.get(kind) ?? 0) + count)
    for (const [kind, ms] of longestMs) this.longestMs.set(kind, Math.max(ms, this.longestMs.get(kind) ?? 0))
    if (failure !== undefined) this.failed.push(result)
  }

  /** The closing lines. */
  lines(elapsedMs: number): string[] {
    const counts = (map: ReadonlyMap<string, number>): string =>
      [...map]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, count]) => `${kind} ${Math.round(count)}`)
        .join(', ')
    const hours = (ms: number): string => (ms / 3_600_000).toFixed(1)
    return [
      `faults: ${counts(this.faults)}`,
      `workload: ${counts(this.deeds)}`,
      `longest: ${counts(this.longestMs)}`,
      `${this.histories} seeds, ${this.failed.length} failed; ${hours(this.simulatedMs)} simulated hours, ` +
        `${(this.nodeMs / 86_400_000).toFixed(1)} node-days, ${this.events} events; ` +
        `${Math.round(this.simulatedMs / elapsedMs)} × real time in ${Math.round(elapsedMs / 1000)} s`,
    ]
  }
}

import type { Random } from '@rollcall/core'

/** How one link of a `MemoryMeshNetwork` treats what it carries. */
export interface LinkFaults {
  /** Milliseconds under way, drawn evenly from [delayMinMs, delayMaxMs]. Equal bounds keep the order of messages. */
  readonly delayMinMs: number
  readonly delayMaxMs: number
  /** Share of broadcast messages that never arrive, 0 to 1. */
  readonly lossRatio: number
  /** Share of broadcast messages that arrive twice, 0 to 1. */
  readonly duplicateRatio: number
  /** Share of requests, and again of answers, that never arrive; the asker sees a timeout. 0 to 1. */
  readonly requestLossRatio: number
}

/** A quiet local network: one millisecond, nothing lost. */
export const NO_FAULTS: LinkFaults = {
  delayMinMs: 1,
  delayMaxMs: 1,
  lossRatio: 0,
  duplicateRatio: 0,
  requestLossRatio: 0,
}

export const drawDelayMs = (faults: LinkFaults, random: Random): number =>
  faults.delayMinMs + (faults.delayMaxMs - faults.delayMinMs) * random.next()

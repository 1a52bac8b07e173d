/**
 * Every fault a history may hold. A seed draws one `Faults`; a scenario writes one down. Times are simulated milliseconds.
 *
 * What is not simulated: corrupt bytes on disk or wire that pass a checksum, two processes on one disk, and a system clock
 * that runs at another speed than its neighbours' (it only stands apart and jumps).
 */
import type { SeededRandom } from '@rollcall/testkit'
import { LIES, type LieKind } from './byzantine/lies.ts'
import type { Profile } from './settings.ts'

/** A fault that comes and goes: on average every `everyMs` in the whole cluster (0: never), for about `lastsMs`. */
export interface Episode {
  readonly everyMs: number
  readonly lastsMs: number
}

export interface Faults {
  // ── What every link does to what it carries ──
  /** Share of gossip messages that never arrive on a link. */
  readonly lossRatio: number
  /** Share of gossip messages that arrive twice on a link. */
  readonly duplicateRatio: number
  /** Share of requests, and again of answers, that never arrive. */
  readonly requestLossRatio: number
  /** Time under way, drawn evenly from [delayMinMs, delayMaxMs]: what overtakes is reordered. */
  readonly delayMinMs: number
  readonly delayMaxMs: number

  // ── Who reaches whom ──
  /** The cluster splits in two. */
  readonly halves: Episode
  /** One node is cut from all others. */
  readonly isolate: Episode
  /** Two nodes lose each other while all others reach both. */
  readonly bridge: Episode
  /** Everything from one node to another is lost, while the connection seems open and the other direction works. */
  readonly oneWay: Episode
  /** Nodes are cut off one by one in some order, and mended one by one in another. */
  readonly swizzle: Episode
  /** Gossip is lost everywhere, requests are not. */
  readonly gossipBlocked: Episode

  // ── Processes ──
  /** SIGKILL or a power cut: a part of the writes that were not yet safe is lost. Down for `lastsMs`. */
  readonly crash: Episode
  /** An orderly stop, down for `lastsMs`. */
  readonly stop: Episode
  /** Every process is killed and started again, in any order, some of them twice. */
  readonly massRestart: Episode
  /** A process gets no turns: its timers and messages wait and resume late. Its monotonic clock goes on. */
  readonly pause: Episode
  /** A process gets its turns up to `slowLagMs` late. */
  readonly slow: Episode
  readonly slowLagMs: number

  // ── Disks ──
  /** A node is killed and its disk is empty when it starts again. */
  readonly wipe: Episode
  /** A node is killed and starts again on a copy of its disk taken earlier in the history. */
  readonly restore: Episode
  /** A disk takes no writes. */
  readonly diskRefuses: Episode
  /** A disk takes up to `diskDelayMs` for a write. */
  readonly diskSlow: Episode
  readonly diskDelayMs: number
  /** A node is down for longer than tombstones are kept; every other time for longer than nodes are remembered. */
  readonly away: Episode

  // ── Clocks ──
  /** System clocks of nodes stand apart by up to this, plus or minus, at all times. */
  readonly nodeSkewMs: number
  /** Clocks of entities stand apart from true time by up to this, plus or minus. */
  readonly entitySkewMs: number
  /** The system clock of a running node jumps by up to an hour; it is set right after `lastsMs`, or by a restart. */
  readonly clockJump: Episode
  /** A node is killed and starts again with a system clock that is wrong by up to an hour, set right after `lastsMs`. */
  readonly wrongStart: Episode

  // ── Liars ──
  /** Peers with a key of their own that take part in the mesh and lie. */
  readonly byzantinePeers: number
  /** A lie of each of them, on average every so often. */
  readonly lieEveryMs: number
  /** What they lie about: see `byzantine/lies.ts`. */
  readonly lies: readonly LieKind[]
}

const NEVER: Episode = { everyMs: 0, lastsMs: 0 }

/** A quiet local network with perfect clocks. */
export const NO_FAULTS: Faults = {
  lossRatio: 0,
  duplicateRatio: 0,
  requestLossRatio: 0,
  delayMinMs: 1,
  delayMaxMs: 5,
  halves: NEVER,
  isolate: NEVER,
  bridge: NEVER,
  oneWay: NEVER,
  swizzle: NEVER,
  gossipBlocked: NEVER,
  crash: NEVER,
  stop: NEVER,
  massRestart: NEVER,
  pause: NEVER,
  slow: NEVER,
  slowLagMs: 0,
  wipe: NEVER,
  restore: NEVER,
  diskRefuses: NEVER,
  diskSlow: NEVER,
  diskDelayMs: 0,
  away: NEVER,
  nodeSkewMs: 0,
  entitySkewMs: 0,
  clockJump: NEVER,
  wrongStart: NEVER,
  byzantinePeers: 0,
  lieEveryMs: 0,
  lies: Object.keys(LIES) as LieKind[],
}

export const EPISODES = [
  'halves',
  'isolate',
  'bridge',
  'oneWay',
  'swizzle',
  'gossipBlocked',
  'crash',
  'stop',
  'massRestart',
  'pause',
  'slow',
  'wipe',
  'restore',
  'diskRefuses',
  'diskSlow',
  'away',
  'clockJump',
  'wrongStart',
] as const satisfies readonly (keyof Faults)[]
export type EpisodeKind = (typeof EPISODES)[number]

/** Share of histories in which a kind of episode occurs at all; the rarer do the greater damage. */
const SHARE: Record<EpisodeKind, number> = {
  halves: 0.4,
  isolate: 0.4,
  bridge: 0.3,
  oneWay: 0.2,
  swizzle: 0.15,
  gossipBlocked: 0.2,
  crash: 0.5,
  stop: 0.25,
  massRestart: 0.15,
  pause: 0.25,
  slow: 0.2,
  wipe: 0.2,
  restore: 0.2,
  diskRefuses: 0.1,
  diskSlow: 0.2,
  away: 0.2,
  clockJump: 0.2,
  // Not drawn yet: docs/reliability.md says what such histories still break.
  wrongStart: 0,
}

/** Draws the faults of a history. Some are calm, so that what needs no fault to go wrong is seen, too. */
export const drawFaults = (random: SeededRandom, profile: Profile): Faults => {
  const unit = profile === 'fast' ? 1_000 : 30_000
  const between = (min: number, max: number): number => min + (max - min) * random.next()
  const maybe = (share: number, value: () => number): number => (random.next() < share ? value() : 0)
  const isRough = random.next() < 0.9
  const episode = (kind: EpisodeKind): Episode => {
    const [share, everyMs, lastsMs] = [random.next(), between(10, 60) * unit, between(0.2, 20) * unit]
    return isRough && share < SHARE[kind] ? { everyMs, lastsMs } : NEVER
  }
  const episodes = Object.fromEntries(EPISODES.map((kind) => [kind, episode(kind)])) as Record<EpisodeKind, Episode>
  const hasByzantine = isRough && random.next() < 0.25
  return {
    ...NO_FAULTS,
    ...episodes,
    lossRatio: maybe(0.5, () => between(0, 0.3)),
    duplicateRatio: maybe(0.4, () => between(0, 0.3)),
    // A lost request occupies a sync for ten seconds: with the short times that is a threshold.
    requestLossRatio: profile === 'fast' ? 0 : maybe(0.3, () => between(0, 0.1)),
    delayMaxMs: maybe(0.5, () => between(1, unit / 60)) + 2,
    slowLagMs: between(50, unit / 40),
    diskDelayMs: between(5, unit / 40),
    nodeSkewMs: unit / 4,
    entitySkewMs: unit,
    byzantinePeers: hasByzantine ? 1 : 0,
    lieEveryMs: between(0.3, 3) * unit,
  }
}

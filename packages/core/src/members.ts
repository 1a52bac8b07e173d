/**
 * The nodes this node knows of: when each was last heard, and the verdicts this node reached (L6). A verdict is a view: it
 * is in no entry, item, digest or message about entities.
 */
import { compareStamps, LIMITS, type NodeId, type NodeStatus, type Stamp, type Verdict } from '@rollcall/protocol'
import type { AuditHead } from './audit.ts'

export interface Member {
  readonly id: NodeId
  /** The last stamp heard of it; undefined where nobody ever heard it. */
  lastStamp: Stamp | undefined
  /** Monotonic time to which its silence is counted. */
  heardMs: number
  /** Covers its active presences stamped not later; final for them. */
  verdict: Stamp | undefined
  /** Its newest status. */
  status: NodeStatus | undefined
  /** Its clock minus ours when it last said what it reads. */
  clockOffsetMs: number | undefined
  /** The stamp under which it said so: a replayed older reading counts for nothing. */
  clockStamp: Stamp | undefined
  /** Monotonic time at which it said so. */
  clockReadMs: number
  /** The furthest head of its audit chain that it ever told: testimony against a rewritten history (A1). */
  auditHead: AuditHead | undefined
  /** When the last complete sync with it began, in node time; -1 before the first. */
  syncedMs: number
}

export type MemberState = 'heard' | 'suspect' | 'gone'

export interface MemberSettings {
  readonly suspectMs: number
  /** Silence after which a node is gone: the inactive threshold. */
  readonly goneMs: number
  readonly skewMs: number
}

export class Members {
  readonly self: NodeId
  readonly #members = new Map<NodeId, Member>()
  readonly #settings: MemberSettings
  /** Peers of which an entry was refused since the last sync with them. */
  readonly #refused = new Set<NodeId>()
  /** Monotonic time up to which messages may come that waited while this process was late. */
  #backlogUntilMs = Number.NEGATIVE_INFINITY

  constructor(self: NodeId, settings: MemberSettings) {
    this.self = self
    this.#settings = settings
  }

  get(id: NodeId): Member | undefined {
    return this.#members.get(id)
  }

  all(): IterableIterator<Member> {
    return this.#members.values()
  }

  get size(): number {
    return this.#members.size
  }

  forget(id: NodeId): void {
    this.#members.delete(id)
    this.#refused.delete(id)
  }

  /**
   * Takes note that `node` issued `stamp` at least `ageMs` ago. Only a later stamp than the last one is a hearing: an open
   * connection, an old message or an old table is none. Returns whether it was one.
   */
  hear(node: NodeId, stamp: Stamp, hearing: { readonly nowMs: number; readonly ageMs: number }): boolean {
    if (node === this.self) return false
    if (!this.#members.has(node) && this.#members.size >= LIMITS.membersMax) return false
    const member = this.#members.get(node) ?? this.add(node, Number.NEGATIVE_INFINITY)
    if (member.lastStamp !== undefined && compareStamps(stamp, member.lastStamp) <= 0) return false
    member.lastStamp = stamp
    member.heardMs = Math.max(member.heardMs, hearing.nowMs - hearing.ageMs)
    return true
  }

  /** An entry of `peer` was refused as ahead or unproven: the sync it came with leaves the two nodes apart. */
  refused(peer: NodeId): void {
    if (this.#refused.size < LIMITS.membersMax) this.#refused.add(peer)
  }

  /** Whether an entry of `peer` was refused since this was asked last. */
  takeRefused(peer: NodeId): boolean {
    return this.#refused.delete(peer)
  }

  /** Adds a node that nothing was heard of. */
  add(id: NodeId, heardMs: number): Member {
    const member: Member = {
      id,
      lastStamp: undefined,
      heardMs,
      verdict: undefined,
      status: undefined,
      clockOffsetMs: undefined,
      clockStamp: undefined,
      clockReadMs: Number.NEGATIVE_INFINITY,
      auditHead: undefined,
      syncedMs: -1,
    }
    this.#members.set(id, member)
    return member
  }

  state(member: Member, nowMs: number): MemberState {
    const silentMs = nowMs - member.heardMs
    if (silentMs >= this.#settings.goneMs) return 'gone'
    return silentMs >= this.#settings.suspectMs ? 'suspect' : 'heard'
  }

  /** Whether this node's verdict covers an active presence with this attendant and stamp. */
  covers(attendant: NodeId, stamp: Stamp): boolean {
    const verdict = this.#members.get(attendant)?.verdict
    return verdict !== undefined && compareStamps(stamp, verdict) <= 0
  }

  /**
   * Takes lateness of this process, which ended at `nowMs`, off every silence: it was we who did not listen (L4). What clocks
   * read in messages that waited for it is out of date: after a long one, what comes within `suspectMs` counts for nothing.
   */
  forgive(latenessMs: number, nowMs: number): void {
    for (const member of this.#members.values()) member.heardMs += latenessMs
    const { suspectMs, skewMs } = this.#settings
    // With less a reading is still nearer to the truth than to the least step that is followed.
    if (latenessMs >= skewMs / 8) this.#backlogUntilMs = nowMs + suspectMs
  }

  /**
   * Takes note of what a node's clock reads (L4). Also of one whose stamps are refused as ahead: it may be this node that
   * is behind, and only the readings of the others can tell. A reading under a stamp beyond `limitMs` stands in the way of
   * none: it may be from before a clock was mended, and its node goes on with lesser stamps (M4).
   */
  readClock(stamp: Stamp, offsetMs: number, { nowMs, limitMs }: { nowMs: number; limitMs: number }): void {
    const { node } = stamp
    if (nowMs <= this.#backlogUntilMs) return
    if (node === this.self || (!this.#members.has(node) && this.#members.size >= LIMITS.membersMax)) return
    const member = this.#members.get(node) ?? this.add(node, nowMs)
    const { clockStamp } = member
    if (clockStamp !== undefined && clockStamp.wallMs <= limitMs && compareStamps(stamp, clockStamp) <= 0) return
    member.clockStamp = stamp
    member.clockOffsetMs = offsetMs
    member.clockReadMs = nowMs
  }

  /** What the clocks of the other nodes read minus ours, as far as they said so lately. */
  clockOffsetsMs(nowMs: number): number[] {
    const offsets: number[] = []
    for (const { clockOffsetMs, clockReadMs } of this.#members.values()) {
      if (clockOffsetMs !== undefined && nowMs - clockReadMs < this.#settings.suspectMs) offsets.push(clockOffsetMs)
    }
    return offsets
  }

  verdicts(nowMs: number): Verdict[] {
    const found: Verdict[] = []
    for (const member of this.#members.values()) {
      if (member.verdict !== undefined) found.push({ node: member.id, lastStamp: member.verdict })
      else if (this.state(member, nowMs) === 'gone' && member.lastStamp !== undefined) {
        found.push({ node: member.id, lastStamp: member.lastStamp })
      }
    }
    return found
  }
}

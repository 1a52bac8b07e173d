/**
 * Range-based set reconciliation (S1; Meyer, "Range-Based Set Reconciliation", 2023): two nodes find what differs between
 * their ordered sets by comparing fingerprints of ranges, and splitting only those that differ.
 *
 * A message is a list of ranges that lie one before the other, the newest first, and together span all keys. Each says
 * nothing (`skip`: equal, or settled), a fingerprint, or the items themselves. The side that asked drives; the other answers
 * each message from its present state and remembers nothing, so a sync may stop anywhere and begin anew.
 *
 * Where one side has few items in a range that differs, the other side's are listed or asked for; the asker then knows what
 * each side lacks.
 *
 * The newest first, because an entry that changed differs at two places: where it lies now, and where it lay before. Once
 * the new state has travelled, nothing is left to be found at the old place, and the old places of many changes are
 * scattered over the whole set. Pure.
 */
import { equalBytes, nodeIdOf, PUBLIC_KEY_BYTES } from '@rollcall/protocol'
import {
  fingerprintBetween,
  type ItemKey,
  type ItemRange,
  type ItemSet,
  NOTHING_BEFORE,
  type OrderedItem,
  type Prefix,
} from './item-set.ts'

/** An item as it is listed: its key, and the beginnings of the hashes of its parts (S1a). */
export interface ListedItem extends ItemKey {
  readonly id: OrderedItem['id']
  /** First bytes of SHA-256 of the record; of the item for a dead entity. */
  readonly recordHash: Uint8Array
  readonly presenceHash: Uint8Array
}

export type RangeClaim =
  | { readonly kind: 'skip' }
  | { readonly kind: 'fingerprint'; readonly fingerprint: Uint8Array }
  /** In an answer what is there, in ascending order; of the side that asks an empty one, which asks for it. */
  | { readonly kind: 'list'; readonly items: readonly ListedItem[] }

/** A claim about the keys from `lower` (inclusive; undefined: the beginning of all keys) to the range before it in its message. */
export interface Range {
  readonly lower: ItemKey | undefined
  readonly claim: RangeClaim
}

export interface SyncItem extends OrderedItem {
  readonly recordHash: Uint8Array
  readonly presenceHash: Uint8Array
}

/** What the asker learnt to differ. An entity may be in both: each side has a state the other has not. */
export interface Differences {
  /** Listed there, and absent or different here. */
  readonly theirs: readonly ListedItem[]
  /** Here, and absent or different there. */
  readonly ours: readonly SyncItem[]
}

export interface ReconcileOptions {
  /** A range with no more items than this is listed. More: fewer rounds and larger messages. */
  readonly listMax: number
  /** Ranges a differing range is split into. */
  readonly branches: number
  /** Most ranges and items in one message; what is beyond is left to a later round as one fingerprint. */
  readonly messageMax: number
}

/** What nodes use. A peer may use other sizes, and is understood. */
export const RECONCILE_DEFAULTS: ReconcileOptions = { listMax: 32, branches: 16, messageMax: 512 }
/**
 * Ranges and items between two rests. Each takes some 10 microseconds, and five times as long where the code has not run
 * before.
 */
const PIECE = 64
/** Items of one list in an answer; where there are more in a range, it is answered with several. */
const ANSWER_LIST_MAX = 256
export const HASH_PREFIX_BYTES = 8

const LEAST_NODE = nodeIdOf(new Uint8Array(PUBLIC_KEY_BYTES))

/** The place before every item stamped at or after `wallMs`. */
export const momentKey = (wallMs: number): ItemKey => ({ stamp: { wallMs, counter: 0, node: LEAST_NODE }, id: '' })

/** Whether a key is such a place, and can be written as its time alone. */
export const isMoment = ({ stamp, id }: ItemKey): boolean =>
  id === '' && stamp.counter === 0 && stamp.node === LEAST_NODE

/** The message that opens a sync: the digest of everything. */
export const openingMessage = <T extends SyncItem>(set: ItemSet<T>): Range[] => [
  { lower: undefined, claim: { kind: 'fingerprint', fingerprint: set.fingerprint() } },
]

export const listed = ({ stamp, id, recordHash, presenceHash }: SyncItem): ListedItem => ({
  stamp,
  id,
  recordHash: recordHash.subarray(0, HASH_PREFIX_BYTES),
  presenceHash: presenceHash.subarray(0, HASH_PREFIX_BYTES),
})

/**
 * A computation that may rest where it yields, and be gone on with later: each piece takes a few milliseconds at most (S2).
 * The set may change meanwhile. Each range is then compared with what the set held at its time, as if in two messages.
 */
export type InPieces<T> = Generator<undefined, T, undefined>

/** The answer of the side that was asked. */
export function* answerMessage<T extends SyncItem>(
  set: ItemSet<T>,
  message: readonly Range[],
  options: ReconcileOptions = RECONCILE_DEFAULTS,
): InPieces<Range[]> {
  const answer = new MessageBuilder(set, options)
  const mustRest = pacing()
  let stretchOf = stretchesOf(set)
  for (const { range, claim } of spans(message)) {
    if (answer.isFull) break
    if (mustRest(answer.size)) stretchOf = yield* rested(set)
    if (claim.kind === 'list') answer.list(stretchOf(range))
    else if (claim.kind === 'skip') answer.skip(range)
    else answer.compare(stretchOf(range), claim.fingerprint, (stretch) => answer.list(stretch))
  }
  return answer.finish()
}

/** What the asker learns from the lists of an answer. */
export function* differencesIn<T extends SyncItem>(set: ItemSet<T>, message: readonly Range[]): InPieces<Differences> {
  const found: { readonly theirs: ListedItem[]; readonly ours: SyncItem[] } = { theirs: [], ours: [] }
  const mustRest = pacing()
  let items = 0
  for (const { range, claim } of spans(message)) {
    if (claim.kind !== 'list') continue
    if (mustRest(items)) yield
    collect(set, range, claim.items, found)
    items += claim.items.length
  }
  return found
}

/** What the asker asks next; undefined when all is settled. What was listed counts as settled. */
export function* nextMessage<T extends SyncItem>(
  set: ItemSet<T>,
  message: readonly Range[],
  options: ReconcileOptions = RECONCILE_DEFAULTS,
): InPieces<Range[] | undefined> {
  const next = new MessageBuilder(set, options)
  const mustRest = pacing()
  let stretchOf = stretchesOf(set)
  for (const { range, claim } of spans(message)) {
    // What is not looked at now is one fingerprint at the end of the next message, and comes again.
    if (next.isFull) break
    if (mustRest(next.size)) stretchOf = yield* rested(set)
    if (claim.kind === 'fingerprint') next.compare(stretchOf(range), claim.fingerprint, () => next.askFor(range))
    else next.skip(range)
  }
  const open = next.finish()
  return open.every(({ claim }) => claim.kind === 'skip') ? undefined : open
}

/** A message that says the same ranges of what the set holds now. */
export function* renewed<T extends SyncItem>(set: ItemSet<T>, message: readonly Range[]): InPieces<Range[]> {
  const ranges: Range[] = []
  const mustRest = pacing()
  let stretchOf = stretchesOf(set)
  for (const { range, claim } of spans(message)) {
    if (mustRest(0)) stretchOf = yield* rested(set)
    if (claim.kind !== 'fingerprint') ranges.push({ lower: range.lower, claim })
    else {
      const { from, to } = stretchOf(range)
      ranges.push({ lower: range.lower, claim: { kind: 'fingerprint', fingerprint: fingerprintBetween(from, to) } })
    }
  }
  return ranges
}

/** Tells before each range whether it is time to rest; `size` counts what has grown out of those before. */
const pacing = (): ((size: number) => boolean) => {
  let ranges = 0
  let restedAt = 0
  return (size) => {
    ranges++
    if (ranges + size - restedAt <= PIECE) return false
    ranges = 1
    restedAt = size
    return true
  }
}

/** Ranges of a message with both ends. */
function* spans(message: readonly Range[]): Generator<{ readonly range: ItemRange; readonly claim: RangeClaim }> {
  let upper: ItemKey | undefined
  for (const { lower, claim } of message) {
    yield { range: { lower, upper }, claim }
    if (lower === undefined) return
    upper = lower
  }
}

/** Rests. What was looked up before may not hold any more. */
function* rested<T extends SyncItem>(set: ItemSet<T>): InPieces<(range: ItemRange) => Stretch> {
  yield
  return stretchesOf(set)
}

/** A range of a set, and what lies before its two ends there. */
interface Stretch extends ItemRange {
  readonly from: Prefix
  readonly to: Prefix
}

/**
 * Ranges of one message as stretches of a set that does not change meanwhile. Two that follow each other have an end in
 * common: it is looked up once.
 */
const stretchesOf = <T extends SyncItem>(set: ItemSet<T>): ((range: ItemRange) => Stretch) => {
  let known: { readonly key: ItemKey | undefined; readonly before: Prefix } | undefined
  return (range) => {
    const to = known !== undefined && known.key === range.upper ? known.before : set.before(range.upper)
    const from = range.lower === undefined ? NOTHING_BEFORE : set.before(range.lower)
    known = { key: range.lower, before: from }
    return { ...range, from, to }
  }
}

const collect = (
  set: ItemSet<SyncItem>,
  range: ItemRange,
  items: readonly ListedItem[],
  found: { readonly theirs: ListedItem[]; readonly ours: SyncItem[] },
): void => {
  const there = new Map(items.map((item) => [item.id, item]))
  for (const mine of set.range(range)) {
    const other = there.get(mine.id)
    if (other !== undefined && sameItem(listed(mine), other)) there.delete(mine.id)
    else found.ours.push(mine)
  }
  found.theirs.push(...there.values())
}

const sameItem = (a: ListedItem, b: ListedItem): boolean =>
  equalBytes(a.recordHash, b.recordHash) && equalBytes(a.presenceHash, b.presenceHash)

class MessageBuilder<T extends SyncItem> {
  readonly #set: ItemSet<T>
  readonly #options: ReconcileOptions
  readonly #ranges: Range[] = []
  #size = 0

  /** Ranges and items in it. */
  get size(): number {
    return this.#size
  }

  constructor(set: ItemSet<T>, options: ReconcileOptions) {
    this.#set = set
    this.#options = options
  }

  get isFull(): boolean {
    return this.#size >= this.#options.messageMax
  }

  skip({ lower }: ItemRange): void {
    const last = this.#ranges.at(-1)
    // Two settled ranges in a row are one.
    if (last?.claim.kind === 'skip') this.#ranges.pop()
    this.#ranges.push({ lower, claim: { kind: 'skip' } })
  }

  /** Settles a range whose fingerprints agree. One that differs is divided; for one with few items here `onSmall` is called. */
  compare(range: Stretch, theirs: Uint8Array, onSmall: (range: Stretch) => void): void {
    if (equalBytes(fingerprintBetween(range.from, range.to), theirs)) this.skip(range)
    else if (countOf(range) <= this.#options.listMax) onSmall(range)
    else this.#split(range)
  }

  askFor({ lower }: ItemRange): void {
    this.#push(lower, { kind: 'list', items: [] }, 1)
  }

  /** Lists what the set holds in a range, in parts where that is much: a node that holds nothing lacks all of it. */
  list(range: Stretch): void {
    let left = countOf(range)
    let { upper } = range
    while (left > ANSWER_LIST_MAX) {
      left -= ANSWER_LIST_MAX
      const part = { lower: this.#set.at(range.from.count + left), upper }
      this.#listWhole(part)
      upper = part.lower
      // What is left of the range is in the fingerprint of all that is left.
      if (this.isFull) return
    }
    this.#listWhole({ lower: range.lower, upper })
  }

  /** The message; where it grew full before the last range, the rest is one fingerprint. */
  finish(): Range[] {
    const last = this.#ranges.at(-1)
    if (last?.lower !== undefined || last === undefined) {
      const fingerprint = fingerprintBetween(NOTHING_BEFORE, this.#set.before(last?.lower))
      this.#push(undefined, { kind: 'fingerprint', fingerprint }, 1)
    }
    return this.#ranges
  }

  /** Divides a range into several, of about as many items each. */
  #split(range: Stretch): void {
    const { branches } = this.#options
    let { to } = range
    for (let branch = branches - 1; branch >= 0; branch--) {
      const rank = range.from.count + Math.floor((countOf(range) * branch) / branches)
      const [lower, from] = branch === 0 ? [range.lower, range.from] : [this.#bound(rank), this.#set.first(rank)]
      this.#push(lower, { kind: 'fingerprint', fingerprint: fingerprintBetween(from, to) }, 1)
      to = from
    }
  }

  #listWhole(range: ItemRange): void {
    const items = Array.from(this.#set.range(range), listed)
    this.#push(range.lower, { kind: 'list', items }, 1 + items.length)
  }

  /** A key with `rank` items before it: the shortest to write that tells them from the next. */
  #bound(rank: number): ItemKey | undefined {
    const next = this.#set.at(rank)
    const before = this.#set.at(rank - 1)
    if (next === undefined || before === undefined || before.stamp.wallMs === next.stamp.wallMs) return next
    return momentKey(next.stamp.wallMs)
  }

  #push(lower: ItemKey | undefined, claim: RangeClaim, size: number): void {
    this.#ranges.push({ lower, claim })
    this.#size += size
  }
}

const countOf = ({ from, to }: Stretch): number => to.count - from.count

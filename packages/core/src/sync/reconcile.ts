/**
 * Range-based set reconciliation (S1; Meyer, "Range-Based Set Reconciliation", 2023): two nodes find what differs between
 * their ordered sets by comparing fingerprints of ranges, and splitting only those that differ.
 *
 * A message is a list of ranges that lie one after the other and together span all keys. Each says nothing (`skip`: equal,
 * or settled), a fingerprint, or the items themselves. The side that asked drives; the other answers each message from its
 * present state and remembers nothing, so a sync may stop anywhere and begin anew.
 *
 * Where one side has few items in a range that differs it lists them; the asker then knows what each side lacks. Pure.
 */
import { equalBytes, nodeIdOf, PUBLIC_KEY_BYTES } from '@rollcall/protocol'
import type { ItemKey, ItemRange, ItemSet, OrderedItem } from './item-set.ts'
import { fingerprintOf } from './sum.ts'

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
  | { readonly kind: 'list'; readonly items: readonly ListedItem[] }

/** A claim about the keys from the end of the range before it to `upper` (exclusive; undefined: the end of all keys). */
export interface Range {
  readonly upper: ItemKey | undefined
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

/** A message of 1 024 is made in a few milliseconds: the event loop must not wait for it longer (S2). */
export const RECONCILE_DEFAULTS: ReconcileOptions = { listMax: 32, branches: 16, messageMax: 1_024 }
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
  { upper: undefined, claim: { kind: 'fingerprint', fingerprint: set.fingerprint() } },
]

export const listed = ({ stamp, id, recordHash, presenceHash }: SyncItem): ListedItem => ({
  stamp,
  id,
  recordHash: recordHash.subarray(0, HASH_PREFIX_BYTES),
  presenceHash: presenceHash.subarray(0, HASH_PREFIX_BYTES),
})

/** The answer of the side that was asked: every list is answered with a list, so that the asker sees both. */
export const answerMessage = <T extends SyncItem>(
  set: ItemSet<T>,
  message: readonly Range[],
  options: ReconcileOptions = RECONCILE_DEFAULTS,
): Range[] => {
  const answer = new MessageBuilder(set, options)
  for (const { range, claim } of spans(message)) {
    if (answer.isFull) break
    if (claim.kind === 'list') answer.list(range)
    else if (claim.kind === 'fingerprint') answer.compare(range, claim.fingerprint)
    else answer.skip(range)
  }
  return answer.finish()
}

/** What the asker makes of an answer: what differs so far, and the next message; undefined when all is settled. */
export const nextMessage = <T extends SyncItem>(
  set: ItemSet<T>,
  message: readonly Range[],
  options: ReconcileOptions = RECONCILE_DEFAULTS,
): { readonly differences: Differences; readonly next: Range[] | undefined } => {
  const next = new MessageBuilder(set, options)
  const theirs: ListedItem[] = []
  const ours: T[] = []
  for (const { range, claim } of spans(message)) {
    // What is not looked at now is one fingerprint at the end of the next message, and comes again.
    if (next.isFull) break
    if (claim.kind === 'fingerprint') next.compare(range, claim.fingerprint)
    else next.skip(range)
    if (claim.kind === 'list') collect(set, range, claim.items, { theirs, ours })
  }
  const open = next.finish()
  return { differences: { theirs, ours }, next: open.every(({ claim }) => claim.kind === 'skip') ? undefined : open }
}

/** Ranges of a message with both ends. */
function* spans(message: readonly Range[]): Generator<{ readonly range: ItemRange; readonly claim: RangeClaim }> {
  let lower: ItemKey | undefined
  for (const { upper, claim } of message) {
    yield { range: { lower, upper }, claim }
    if (upper === undefined) return
    lower = upper
  }
}

const collect = <T extends SyncItem>(
  set: ItemSet<T>,
  range: ItemRange,
  items: readonly ListedItem[],
  found: { readonly theirs: ListedItem[]; readonly ours: T[] },
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

  constructor(set: ItemSet<T>, options: ReconcileOptions) {
    this.#set = set
    this.#options = options
  }

  get isFull(): boolean {
    return this.#size >= this.#options.messageMax
  }

  skip({ upper }: ItemRange): void {
    const last = this.#ranges.at(-1)
    // Two settled ranges in a row are one.
    if (last?.claim.kind === 'skip') this.#ranges.pop()
    this.#ranges.push({ upper, claim: { kind: 'skip' } })
  }

  /** Lists what the set holds in a range, in parts where that is much: a node that holds nothing lacks all of it. */
  list({ lower, upper }: ItemRange): void {
    let from = lower
    let items: ListedItem[] = []
    for (const item of this.#set.range({ lower, upper })) {
      if (items.length === ANSWER_LIST_MAX) {
        this.#push(item, { kind: 'list', items }, 1 + items.length)
        from = item
        items = []
        // What is left of the range is in the fingerprint of all that is left.
        if (this.isFull) return
      }
      items.push(listed(item))
    }
    if (from === lower || items.length > 0) this.#push(upper, { kind: 'list', items }, 1 + items.length)
  }

  /** Settles a range whose fingerprints agree; lists or splits one where they do not. */
  compare(range: ItemRange, theirs: Uint8Array): void {
    const { sum, count } = this.#set.summary(range)
    if (equalBytes(fingerprintOf(sum, count), theirs)) return this.skip(range)
    if (count <= this.#options.listMax) return this.list(range)
    const first = range.lower === undefined ? 0 : this.#set.rank(range.lower)
    let lower = range.lower
    for (let branch = 1; branch <= this.#options.branches; branch++) {
      const upper =
        branch === this.#options.branches
          ? range.upper
          : this.#bound(first + Math.floor((count * branch) / this.#options.branches))
      const fingerprint = this.#set.fingerprint({ lower, upper })
      this.#push(upper, { kind: 'fingerprint', fingerprint }, 1)
      lower = upper
    }
  }

  /** The message; where it grew full before the last range, the rest is one fingerprint. */
  finish(): Range[] {
    const last = this.#ranges.at(-1)
    if (last?.upper !== undefined || last === undefined) {
      const fingerprint = this.#set.fingerprint({ lower: last?.upper, upper: undefined })
      this.#push(undefined, { kind: 'fingerprint', fingerprint }, 1)
    }
    return this.#ranges
  }

  /** A key with `rank` items before it: the shortest to write that tells them from the next. */
  #bound(rank: number): ItemKey | undefined {
    const next = this.#set.at(rank)
    const before = this.#set.at(rank - 1)
    if (next === undefined || before === undefined || before.stamp.wallMs === next.stamp.wallMs) return next
    return momentKey(next.stamp.wallMs)
  }

  #push(upper: ItemKey | undefined, claim: RangeClaim, size: number): void {
    this.#ranges.push({ upper, claim })
    this.#size += size
  }
}

/**
 * The documents of one shard that hold one term, in the order of their slots. A posting is one 32-bit integer: slot in
 * the upper half, payload in the lower, so a list is a sorted typed array, four bytes a document, scanned at memory
 * speed.
 *
 * Insertion into the middle moves what follows. A shard has 65 536 slots, so that is at most 256 KiB, some
 * microseconds; this is why there are shards (compare the containers of Roaring bitmaps, Chambi et al. 2016).
 */
const SLOT_SHIFT = 16
const PAYLOAD_MASK = 0xffff
const CAPACITY_MIN = 4

export const packPosting = (slot: number, payload: number): number => ((slot << SLOT_SHIFT) | payload) >>> 0
export const slotOf = (posting: number): number => posting >>> SLOT_SHIFT
export const payloadOf = (posting: number): number => posting & PAYLOAD_MASK

export class PostingList {
  /** Only the first `length` are postings. */
  entries: Uint32Array = new Uint32Array(CAPACITY_MIN)
  length = 0

  static of(posting: number): PostingList {
    const list = new PostingList()
    list.entries[0] = posting
    list.length = 1
    return list
  }

  /** Adds the slot, or changes its payload. */
  set(slot: number, payload: number): void {
    const at = this.#lowerBound(slot)
    if (!this.#holds(at, slot)) {
      if (this.length === this.entries.length) this.#resize(this.length * 2)
      this.entries.copyWithin(at + 1, at, this.length)
      this.length += 1
    }
    this.entries[at] = packPosting(slot, payload)
  }

  delete(slot: number): void {
    const at = this.#lowerBound(slot)
    if (!this.#holds(at, slot)) return
    this.entries.copyWithin(at, at + 1, this.length)
    this.length -= 1
    if (this.length >= CAPACITY_MIN && this.length * 4 < this.entries.length) this.#resize(this.length * 2)
  }

  #holds(at: number, slot: number): boolean {
    return at < this.length && slotOf(this.entries[at] as number) === slot
  }

  /** Position of the first posting whose slot is not below `slot`. */
  #lowerBound(slot: number): number {
    // Records mostly arrive at the end.
    if (this.length === 0 || slotOf(this.entries[this.length - 1] as number) < slot) return this.length
    let low = 0
    let high = this.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (slotOf(this.entries[middle] as number) < slot) low = middle + 1
      else high = middle
    }
    return low
  }

  #resize(capacity: number): void {
    const grown = new Uint32Array(capacity)
    grown.set(this.entries.subarray(0, this.length))
    this.entries = grown
  }
}

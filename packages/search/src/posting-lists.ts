/**
 * The documents of one shard by term: for each number of a term a list of postings in the order of their slots. A
 * posting is one 32-bit integer: slot in the upper half, payload in the lower, so a list is sorted numbers, four bytes a
 * document, scanned at memory speed.
 *
 * Most terms of a collection occur in one document only (Zipf): such a posting stands in the place of its list. Longer
 * lists lie in cells of the next power of two.
 *
 * Insertion into the middle moves what follows. A shard has 65 536 slots, so that is at most 256 KiB, some
 * microseconds; this is why there are shards (compare the containers of Roaring bitmaps, Chambi et al. 2016).
 */
import { CellPool } from './cell-pool.ts'

const SLOT_SHIFT = 16
const PAYLOAD_MASK = 0xffff
const LISTS_MIN = 64

const packPosting = (slot: number, payload: number): number => ((slot << SLOT_SHIFT) | payload) >>> 0
export const slotOf = (posting: number): number => posting >>> SLOT_SHIFT
export const payloadOf = (posting: number): number => posting & PAYLOAD_MASK

export class PostingLists {
  /** By list: how many postings it has. */
  #lengths = new Uint32Array(LISTS_MIN)
  /** By list: the cell it lies in, or, where there is but one, the posting itself. */
  #places = new Uint32Array(LISTS_MIN)
  /** By list: log2 of its cell's size; 0 where it has none. */
  #sizes = new Uint8Array(LISTS_MIN)
  /** By log2 of the size. */
  readonly #pools = Array.from({ length: SLOT_SHIFT + 1 }, (_, size) => new CellPool(2 ** size))

  length(list: number): number {
    return this.#lengths[list] ?? 0
  }

  /** The postings, in order. Good until the next change. */
  postings(list: number): Uint32Array {
    const length = this.length(list)
    if (length < 2) return this.#places.subarray(list, list + length)
    const cell = this.#places[list] as number
    const pool = this.#pool(list)
    const start = pool.start(cell)
    return pool.chunk(cell).subarray(start, start + length)
  }

  /** Whether the slot has a posting. */
  has(list: number, slot: number): boolean {
    const postings = this.postings(list)
    const posting = postings[lowerBound(postings, 0, postings.length, slot)]
    return posting !== undefined && slotOf(posting) === slot
  }

  /** Adds the slot, or changes its payload. */
  set(list: number, slot: number, payload: number): void {
    if (list >= this.#lengths.length) this.#grow(list)
    const length = this.#lengths[list] as number
    const posting = packPosting(slot, payload)
    if (length === 0 || (length === 1 && slotOf(this.#places[list] as number) === slot)) {
      this.#lengths[list] = 1
      this.#places[list] = posting
      return
    }
    if (length === 1) this.#move(list, 1)
    const cell = this.#places[list] as number
    const pool = this.#pool(list)
    const chunk = pool.chunk(cell)
    const start = pool.start(cell)
    const end = start + length
    const at = lowerBound(chunk, start, end, slot)
    if (at < end && slotOf(chunk[at] as number) === slot) {
      chunk[at] = posting
    } else if (length === pool.size) {
      this.#move(list, (this.#sizes[list] as number) + 1)
      this.set(list, slot, payload)
    } else {
      chunk.copyWithin(at + 1, at, end)
      chunk[at] = posting
      this.#lengths[list] = length + 1
    }
  }

  delete(list: number, slot: number): void {
    const postings = this.postings(list)
    const { length } = postings
    const at = lowerBound(postings, 0, length, slot)
    if (at === length || slotOf(postings[at] as number) !== slot) return
    postings.copyWithin(at, at + 1)
    this.#lengths[list] = length - 1
    if (length === 2) this.#move(list, 0)
    else if (length > 2 && length * 4 <= this.#pool(list).size) this.#move(list, (this.#sizes[list] as number) - 1)
  }

  #pool(list: number): CellPool {
    return this.#pools[this.#sizes[list] as number] as CellPool
  }

  /** Moves the postings to a cell of another size, or out of any for size 0. */
  #move(list: number, size: number): void {
    const length = this.#lengths[list] as number
    const place = this.#places[list] as number
    const from = this.#sizes[list] === 0 ? undefined : this.#pool(list)
    const source = from?.chunk(place) ?? this.#places
    const start = from?.start(place) ?? list
    if (size === 0) this.#places[list] = source[start] as number
    else {
      const pool = this.#pools[size] as CellPool
      const cell = pool.take()
      const target = pool.chunk(cell)
      const to = pool.start(cell)
      for (let i = 0; i < length; i += 1) target[to + i] = source[start + i] as number
      this.#places[list] = cell
    }
    from?.release(place)
    this.#sizes[list] = size
  }

  #grow(list: number): void {
    const capacity = Math.max(list + 1, this.#lengths.length * 2)
    const [lengths, places, sizes] = [new Uint32Array(capacity), new Uint32Array(capacity), new Uint8Array(capacity)]
    lengths.set(this.#lengths)
    places.set(this.#places)
    sizes.set(this.#sizes)
    this.#lengths = lengths
    this.#places = places
    this.#sizes = sizes
  }
}

/** Position, `start` to `end`, of the first posting whose slot is not below `slot`. */
const lowerBound = (postings: Uint32Array, start: number, end: number, slot: number): number => {
  // Records mostly arrive at the end.
  if (start === end || slotOf(postings[end - 1] as number) < slot) return end
  let low = start
  let high = end - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (slotOf(postings[middle] as number) < slot) low = middle + 1
    else high = middle
  }
  return low
}

import { PostingLists } from './posting-lists.ts'
import { WideMap } from './wide-map.ts'

/** Terms of one shard, each with a number and its postings. Numbers of terms that no document holds are given out again. */
export class TermTable {
  readonly #numbers = new WideMap<string, number>()
  readonly #free: number[] = []
  readonly #lists = new PostingLists()
  #end = 0

  /** The term's number; a term that has none gets one, and must then be set for some slot. */
  numberOf(term: string): number {
    const known = this.#numbers.get(term)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#end
    if (number === this.#end) this.#end += 1
    this.#numbers.set(term, number)
    return number
  }

  /** By the term's number. */
  set(number: number, slot: number, payload: number): void {
    this.#lists.set(number, slot, payload)
  }

  delete(term: string, slot: number): void {
    const number = this.#numbers.get(term)
    if (number === undefined) return
    this.#lists.delete(number, slot)
    if (this.#lists.length(number) > 0) return
    this.#numbers.delete(term)
    this.#free.push(number)
  }

  /** Number of the shard's documents that hold the term. */
  count(term: string): number {
    const number = this.#numbers.get(term)
    return number === undefined ? 0 : this.#lists.length(number)
  }

  /** The term's postings in the order of their slots, if it has any. Good until the next change. */
  postings(term: string): Uint32Array | undefined {
    const number = this.#numbers.get(term)
    return number === undefined ? undefined : this.#lists.postings(number)
  }

  /** Whether the document in the slot holds the term. */
  has(term: string, slot: number): boolean {
    const number = this.#numbers.get(term)
    return number !== undefined && this.#lists.has(number, slot)
  }
}

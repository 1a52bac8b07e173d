import { PostingList, packPosting, slotOf } from './posting-list.ts'
import { WideMap } from './wide-map.ts'

/**
 * Terms of one shard, each with its postings. Most terms of a collection occur in one document only (Zipf); such a term
 * is kept as that one posting, a plain number, for a twentieth of the memory of a list.
 */
export class TermTable {
  readonly #postings = new WideMap<string, number | PostingList>()

  set(term: string, slot: number, payload: number): void {
    const known = this.#postings.get(term)
    if (known === undefined || (typeof known === 'number' && slotOf(known) === slot)) {
      this.#postings.set(term, packPosting(slot, payload))
      return
    }
    const list = typeof known === 'number' ? PostingList.of(known) : known
    list.set(slot, payload)
    if (list !== known) this.#postings.set(term, list)
  }

  delete(term: string, slot: number): void {
    const known = this.#postings.get(term)
    if (typeof known === 'number') {
      if (slotOf(known) === slot) this.#postings.delete(term)
      return
    }
    if (known === undefined) return
    known.delete(slot)
    const [only] = known.entries
    if (known.length === 1 && only !== undefined) this.#postings.set(term, only)
  }

  /** Number of the shard's documents that hold the term. */
  count(term: string): number {
    const known = this.#postings.get(term)
    if (known === undefined) return 0
    return typeof known === 'number' ? 1 : known.length
  }

  list(term: string): PostingList | undefined {
    const known = this.#postings.get(term)
    return typeof known === 'number' ? PostingList.of(known) : known
  }
}

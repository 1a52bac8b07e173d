import type { EntityId } from '@rollcall/protocol'
import type { SearchDocument, SearchStatus } from './document.ts'
import { SHARD_SLOTS, Shard } from './shard.ts'
import { TermSums } from './term-sums.ts'
import { WideMap } from './wide-map.ts'

/** Where a document lies. Its number is `shard number × SHARD_SLOTS + slot`. */
export interface Location {
  readonly shard: Shard
  readonly slot: number
}

/**
 * The documents by number. Numbers of removed documents are given out again, lowest cost first, so they say nothing
 * about order; nothing that a reader sees may depend on them.
 */
export class Collection {
  readonly shards: Shard[] = []
  readonly #numbers = new WideMap<EntityId, number>()
  readonly #free: number[] = []
  readonly #sums = new TermSums()
  #end = 0
  /** Undefined when the newest document was removed or aged, until someone asks. */
  #newestMs: number | undefined = 0

  get size(): number {
    return this.#numbers.size
  }

  put(document: SearchDocument): void {
    assertTime(document.lastActiveMs)
    const known = this.#numbers.get(document.id)
    const number = known ?? this.#free.at(-1) ?? this.#end
    const { shard, slot } = this.#at(number)
    if (known !== undefined) this.#leave(shard.lastActiveMs[slot])
    shard.put(slot, document)
    // Taken only now: a document that cannot be read leaves nothing behind.
    if (known === undefined) {
      this.#numbers.set(document.id, number)
      if (number === this.#end) this.#end += 1
      else this.#free.pop()
    }
    this.#arrive(document.lastActiveMs)
  }

  remove(id: EntityId): void {
    const number = this.#numbers.get(id)
    if (number === undefined) return
    const { shard, slot } = this.#at(number)
    this.#leave(shard.lastActiveMs[slot])
    shard.remove(slot)
    this.#numbers.delete(id)
    this.#free.push(number)
  }

  setStatus(id: EntityId, status: SearchStatus, lastActiveMs: number): void {
    assertTime(lastActiveMs)
    const location = this.find(id)
    if (location === undefined) return
    const { shard, slot } = location
    this.#leave(shard.lastActiveMs[slot])
    shard.setStatus(slot, status, lastActiveMs)
    this.#arrive(lastActiveMs)
  }

  numberOf(id: EntityId): number | undefined {
    return this.#numbers.get(id)
  }

  find(id: EntityId): Location | undefined {
    const number = this.#numbers.get(id)
    return number === undefined ? undefined : this.#at(number)
  }

  /** The document with this number, which must be in use. */
  document(number: number): SearchDocument {
    const { shard, slot } = this.#at(number)
    const document = shard.document(slot)
    if (document === undefined) throw new RangeError(`no document has the number ${number}`)
    return document
  }

  location(number: number): Location {
    return this.#at(number)
  }

  /** Number of documents that hold the term. */
  count(term: string): number {
    return this.shards.reduce((sum, shard) => sum + shard.terms.count(term), 0)
  }

  /** Latest activity of any document, milliseconds since 1970; 0 if there is none. */
  newestMs(): number {
    this.#newestMs ??= this.shards.reduce((newest, shard) => Math.max(newest, shard.newestMs()), 0)
    return this.#newestMs
  }

  #arrive(lastActiveMs: number): void {
    if (this.#newestMs !== undefined && lastActiveMs > this.#newestMs) this.#newestMs = lastActiveMs
  }

  #leave(lastActiveMs: number | undefined): void {
    if (lastActiveMs === this.#newestMs) this.#newestMs = undefined
  }

  #at(number: number): Location {
    const at = Math.floor(number / SHARD_SLOTS)
    const known = this.shards[at]
    if (known !== undefined) return { shard: known, slot: number % SHARD_SLOTS }
    const shard = new Shard(this.#sums)
    this.shards.push(shard)
    return { shard, slot: number % SHARD_SLOTS }
  }
}

const assertTime = (lastActiveMs: number): void => {
  if (!Number.isSafeInteger(lastActiveMs) || lastActiveMs < 0) {
    throw new RangeError(`lastActiveMs must be a whole number of milliseconds, 0 or more, but is ${lastActiveMs}`)
  }
}

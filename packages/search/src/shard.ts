import type { EntityType } from '@rollcall/protocol'
import type { SearchDocument, SearchStatus } from './document.ts'
import { FIELDS } from './fields.ts'
import { idOrder } from './id-order.ts'
import type { TermSums } from './term-sums.ts'
import { TermTable } from './term-table.ts'
import { documentTerms, eachWord, wholeTerms } from './terms.ts'

/** Slots of one shard: a slot fits the upper half of a posting. */
export const SHARD_SLOTS = 65_536
const CAPACITY_MIN = 64

const PRESENT = 1
const ACTIVE = 2
const SERVICE = 4

/** Which flags of a document are looked at, and what they must be. */
export interface FlagTest {
  readonly mask: number
  readonly wanted: number
}

/** Test for documents of this status and type; undefined lets both pass. */
export const flagTest = (status: SearchStatus | undefined, type: EntityType | undefined): FlagTest => ({
  mask: PRESENT | (status === undefined ? 0 : ACTIVE) | (type === undefined ? 0 : SERVICE),
  wanted: PRESENT | (status === 'active' ? ACTIVE : 0) | (type === 'service' ? SERVICE : 0),
})

/** Up to 65 536 documents and their inverted index. What queries read of each document lies in columns. */
export class Shard {
  readonly terms = new TermTable()
  readonly #documents: (SearchDocument | undefined)[] = []
  flags: Uint8Array = new Uint8Array(CAPACITY_MIN)
  lastActiveMs: Float64Array = new Float64Array(CAPACITY_MIN)
  idOrder: Float64Array = new Float64Array(CAPACITY_MIN)
  readonly #sums: TermSums

  /** `sums` is scratch space, shared by all shards. */
  constructor(sums: TermSums) {
    this.#sums = sums
  }

  /** Slots below this one may be in use. */
  get slotsEnd(): number {
    return this.#documents.length
  }

  /** The document as last put; for its present status see `isActive`, for its last activity the column. */
  document(slot: number): SearchDocument | undefined {
    return this.#documents[slot]
  }

  isActive(slot: number): boolean {
    return ((this.flags[slot] ?? 0) & ACTIVE) !== 0
  }

  /** Stores the document in place of what the slot held, and writes its postings in place of those. */
  put(slot: number, document: SearchDocument): void {
    const before = this.#documents[slot]
    if (before !== undefined) this.#deleteTerms(slot, documentTerms(before), documentTerms(document))
    this.#setTerms(slot, document)
    if (slot >= this.flags.length) this.#grow()
    this.#documents[slot] = document
    this.idOrder[slot] = idOrder(document.id)
    this.flags[slot] = PRESENT | (document.type === 'service' ? SERVICE : 0)
    this.setStatus(slot, document.status, document.lastActiveMs)
  }

  setStatus(slot: number, status: SearchStatus, lastActiveMs: number): void {
    const others = (this.flags[slot] ?? 0) & ~ACTIVE
    this.flags[slot] = others | (status === 'active' ? ACTIVE : 0)
    this.lastActiveMs[slot] = lastActiveMs
  }

  remove(slot: number): void {
    const document = this.#documents[slot]
    if (document === undefined) return
    this.#deleteTerms(slot, documentTerms(document), new Set())
    this.#documents[slot] = undefined
    this.flags[slot] = 0
  }

  /** Latest activity of any document, milliseconds since 1970; 0 if there is none. */
  newestMs(): number {
    let newest = 0
    for (let slot = 0; slot < this.slotsEnd; slot += 1) {
      if (this.flags[slot] !== 0) newest = Math.max(newest, this.lastActiveMs[slot] ?? 0)
    }
    return newest
  }

  #setTerms(slot: number, document: SearchDocument): void {
    const { terms } = this
    const sums = this.#sums
    // All is read before a term gets a number: from then on nothing may fail.
    const values = FIELDS.map((field) => field.values(document))
    const whole = wholeTerms(document)
    FIELDS.forEach((field, at) => {
      eachWord(values[at] ?? [], (word) => sums.add(terms.numberOf(word)))
      sums.endField(field)
    })
    sums.drain((number, payload) => terms.set(number, slot, payload))
    for (const term of whole) terms.set(terms.numberOf(term), slot, 0)
  }

  #deleteTerms(slot: number, old: ReadonlySet<string>, kept: ReadonlySet<string>): void {
    for (const term of old) if (!kept.has(term)) this.terms.delete(term, slot)
  }

  #grow(): void {
    const capacity = this.flags.length * 2
    const flags = new Uint8Array(capacity)
    const lastActiveMs = new Float64Array(capacity)
    const order = new Float64Array(capacity)
    flags.set(this.flags)
    lastActiveMs.set(this.lastActiveMs)
    order.set(this.idOrder)
    this.flags = flags
    this.lastActiveMs = lastActiveMs
    this.idOrder = order
  }
}

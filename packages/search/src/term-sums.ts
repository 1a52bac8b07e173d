import { type Field, impactOf, occurrenceWeight } from './fields.ts'
import { FIELD_BITS, packPayload } from './terms.ts'

const CAPACITY_MIN = 64
const FIELDS_MASK = (1 << FIELD_BITS) - 1

/**
 * Adds up what the words of one document say about it, by the numbers of the words. Used for one document after the
 * other: a map for each would be a third of the garbage of a put.
 */
export class TermSums {
  /** By number of the word: its occurrences, weighted, above the set of fields it occurs in; 0 between documents. */
  #sums = new Uint32Array(CAPACITY_MIN)
  /** Numbers of the words of the present field, and of those of the document, each once. */
  readonly #inField = new Scratch()
  readonly #inDocument = new Scratch()

  /** Adds a word of the present field. */
  add(number: number): void {
    this.#inField.push(number)
  }

  /** The words added since the last end of a field were those of `field`. */
  endField(field: Field): void {
    const { length } = this.#inField
    const weight = occurrenceWeight(field, length) << FIELD_BITS
    for (let i = 0; i < length; i += 1) this.#count(this.#inField.at(i), weight, field.bit)
    this.#inField.length = 0
  }

  /** Calls `take` for each word of the document, and forgets it. */
  drain(take: (number: number, payload: number) => void): void {
    for (let i = 0; i < this.#inDocument.length; i += 1) {
      const number = this.#inDocument.at(i)
      const sum = this.#sums[number] as number
      take(number, packPayload(impactOf(sum >>> FIELD_BITS), sum & FIELDS_MASK))
      this.#sums[number] = 0
    }
    this.#inDocument.length = 0
  }

  #count(number: number, weight: number, field: number): void {
    if (number >= this.#sums.length) this.#grow(number)
    const sum = this.#sums[number] as number
    if (sum === 0) this.#inDocument.push(number)
    this.#sums[number] = (sum + weight) | field
  }

  #grow(number: number): void {
    const grown = new Uint32Array(Math.max(number + 1, this.#sums.length * 2))
    grown.set(this.#sums)
    this.#sums = grown
  }
}

/** A list that keeps its room when it is emptied, as an array does not. */
class Scratch {
  #numbers = new Uint32Array(CAPACITY_MIN)
  length = 0

  at(index: number): number {
    return this.#numbers[index] as number
  }

  push(number: number): void {
    if (this.length === this.#numbers.length) {
      const grown = new Uint32Array(this.length * 2)
      grown.set(this.#numbers)
      this.#numbers = grown
    }
    this.#numbers[this.length] = number
    this.length += 1
  }
}

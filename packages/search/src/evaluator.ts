/**
 * Runs a plan over one shard: find the documents that pass the filter, add up what each term says about them, offer
 * them to the ranking.
 *
 * Term at a time over arrays indexed by slot. A posting costs about five nanoseconds in all, so the words that half of
 * all records hold, the ones that decide the worst case, cost a fraction of a millisecond per 100 000 records.
 * Rejected: skipping postings by score bounds (MaxScore, WAND; Turtle, Flood 1995, Broder et al. 2003). They save the
 * adding up, but `totalFound` is exact and must see every posting anyway.
 */
import { SKILL_FIELDS } from './fields.ts'
import type { Filter, Plan, WeightedTerm } from './plan.ts'
import { payloadOf, slotOf } from './posting-lists.ts'
import type { Ranking } from './ranking.ts'
import { WORD_LEVEL } from './score.ts'
import { SHARD_SLOTS, type Shard } from './shard.ts'
import { impactOfPayload } from './terms.ts'

/** A slot is eligible if `(cells[slot] & mask) === wanted`. */
interface Eligible {
  readonly cells: Uint8Array
  readonly mask: number
  readonly wanted: number
}

export class Evaluator {
  /** Sum of each slot; zero between runs. */
  readonly #scores = new Float64Array(SHARD_SLOTS)
  /** How many clauses of the filter, from the first on, a slot satisfies. */
  readonly #marks = new Uint8Array(SHARD_SLOTS)

  /** Offers each matching document of the shard to `ranking`; its number is `firstDocument` plus its slot. */
  run(shard: Shard, firstDocument: number, plan: Plan, ranking: Ranking): void {
    const eligible = this.#eligible(shard, plan.filter)
    if (eligible === undefined) return
    if (plan.words === undefined) this.#browse(shard, firstDocument, plan, eligible, ranking)
    else this.#match(shard, firstDocument, plan, plan.words, eligible, ranking)
  }

  #match(
    shard: Shard,
    first: number,
    plan: Plan,
    words: readonly WeightedTerm[],
    eligible: Eligible,
    to: Ranking,
  ): void {
    const lists: Uint32Array[] = []
    for (const { term, weight } of words) {
      const list = shard.terms.postings(term)
      if (list === undefined) continue
      lists.push(list)
      this.#add(list, weight)
    }
    if (lists.length === 0) return
    this.#raiseSameName(shard.terms.postings(plan.nameTerm))
    this.#raiseSkills(shard, plan.skills, true)
    const postings = lists.reduce((sum, list) => sum + list.length, 0)
    if (postings > shard.slotsEnd) this.#settleAll(shard, first, eligible, to)
    else for (const list of lists) this.#settle(list, shard, first, eligible, to)
  }

  #browse(shard: Shard, first: number, plan: Plan, { cells, mask, wanted }: Eligible, to: Ranking): void {
    this.#raiseSkills(shard, plan.skills, false)
    const scores = this.#scores
    const end = shard.slotsEnd
    for (let slot = 0; slot < end; slot += 1) {
      if (((cells[slot] as number) & mask) !== wanted) continue
      const recencyMs = shard.lastActiveMs[slot] as number
      const score = scores[slot] as number
      to.found += 1
      if (score >= to.floor) to.offer(score, recencyMs, shard.idOrder[slot] as number, first + slot)
    }
    if (plan.skills.length > 0) scores.fill(0, 0, end)
  }

  /** Undefined if the shard has no document for one of the clauses. */
  #eligible(shard: Shard, { flags, clauses }: Filter): Eligible | undefined {
    if (clauses.length === 0) return { cells: shard.flags, ...flags }
    const lists: Uint32Array[][] = []
    for (const clause of clauses) {
      const found = clause.map((term) => shard.terms.postings(term)).filter((list) => list !== undefined)
      if (found.length === 0) return undefined
      lists.push(found)
    }
    this.#marks.fill(0, 0, shard.slotsEnd)
    lists.forEach((alternatives, satisfied) => {
      for (const list of alternatives) this.#mark(list, satisfied)
    })
    this.#unmark(shard, flags.mask, flags.wanted)
    return { cells: this.#marks, mask: 0xff, wanted: lists.length }
  }

  /** Marks the slots of the list that satisfied all clauses before this one. */
  #mark(postings: Uint32Array, satisfied: number): void {
    const marks = this.#marks
    for (let i = 0; i < postings.length; i += 1) {
      const slot = slotOf(postings[i] as number)
      if (marks[slot] === satisfied) marks[slot] = satisfied + 1
    }
  }

  #unmark(shard: Shard, mask: number, wanted: number): void {
    const marks = this.#marks
    const end = shard.slotsEnd
    for (let slot = 0; slot < end; slot += 1) {
      if (((shard.flags[slot] as number) & mask) !== wanted) marks[slot] = 0
    }
  }

  /** Adds one matched word to every slot of the list. */
  #add(postings: Uint32Array, weight: number): void {
    const scores = this.#scores
    for (let i = 0; i < postings.length; i += 1) {
      const posting = postings[i] as number
      const slot = slotOf(posting)
      scores[slot] = (scores[slot] as number) + (WORD_LEVEL + weight * impactOfPayload(payloadOf(posting)))
    }
  }

  /** Offers the eligible slots of the list and clears the scores, so that a slot of two lists is offered once. */
  #settle(postings: Uint32Array, shard: Shard, first: number, eligible: Eligible, to: Ranking): void {
    const scores = this.#scores
    const { cells, mask, wanted } = eligible
    for (let i = 0; i < postings.length; i += 1) {
      const slot = slotOf(postings[i] as number)
      const score = scores[slot] as number
      if (score === 0) continue
      scores[slot] = 0
      if (((cells[slot] as number) & mask) !== wanted) continue
      to.found += 1
      if (score >= to.floor) to.offer(score, 0, shard.idOrder[slot] as number, first + slot)
    }
  }

  /** The same for all slots of the shard: cheaper where the lists together are longer than that. */
  #settleAll(shard: Shard, first: number, { cells, mask, wanted }: Eligible, to: Ranking): void {
    const scores = this.#scores
    const end = shard.slotsEnd
    for (let slot = 0; slot < end; slot += 1) {
      const score = scores[slot] as number
      if (score === 0 || ((cells[slot] as number) & mask) !== wanted) continue
      to.found += 1
      if (score >= to.floor) to.offer(score, 0, shard.idOrder[slot] as number, first + slot)
    }
    scores.fill(0, 0, end)
  }

  /** A name equal to the text counts as one more word. Who has it has all its words, so the slot is in a list. */
  #raiseSameName(list: Uint32Array | undefined): void {
    if (list === undefined) return
    const scores = this.#scores
    for (let i = 0; i < list.length; i += 1) {
      const slot = slotOf(list[i] as number)
      scores[slot] = (scores[slot] as number) + WORD_LEVEL
    }
  }

  #raiseSkills(shard: Shard, skills: readonly WeightedTerm[], onlyMatched: boolean): void {
    for (const { term, weight } of skills) {
      const list = shard.terms.postings(term)
      if (list !== undefined) this.#raiseSkill(list, weight, onlyMatched)
    }
  }

  /** Adds to the slots of the list that hold the skill where skills are looked for. */
  #raiseSkill(postings: Uint32Array, weight: number, onlyMatched: boolean): void {
    const scores = this.#scores
    for (let i = 0; i < postings.length; i += 1) {
      const posting = postings[i] as number
      const slot = slotOf(posting)
      const score = scores[slot] as number
      if ((onlyMatched && score === 0) || (posting & SKILL_FIELDS) === 0) continue
      scores[slot] = score + weight * impactOfPayload(payloadOf(posting))
    }
  }
}

/** Search and the words of this node's filter, kept in step with state: a projection, never a second truth. */
import { type Clock, type Holding, presenceOf, type RegistryState } from '@rollcall/core'
import type { EntityId, EntityRecord } from '@rollcall/protocol'
import { filterWords, SearchIndex } from '@rollcall/search'
import { documentOf } from './document.ts'

const SLICE = 500

export class Projection {
  readonly index: SearchIndex = new SearchIndex()
  readonly #state: RegistryState
  /** The record each indexed document was made of: where it is unchanged, only the presence is touched. */
  readonly #records = new Map<EntityId, EntityRecord>()

  constructor(state: RegistryState) {
    this.#state = state
  }

  /** Brings the documents of these entities up to date. */
  refresh(ids: Iterable<EntityId>): void {
    for (const id of ids) {
      const holding = this.#state.holdings.get(id)
      if (holding !== undefined) this.#refresh(holding)
      else this.#drop(id)
    }
  }

  /** Indexes everything, in slices, at start. */
  async build(clock: Clock): Promise<void> {
    let left = SLICE
    for (const holding of this.#state.holdings.values()) {
      this.#refresh(holding)
      if (--left > 0) continue
      left = SLICE
      await new Promise<void>((resolve) => clock.schedule(0, resolve))
    }
  }

  /** Words and ids of the active entities this node attends (F2). */
  *attendedWords(): Generator<string> {
    for (const id of this.#state.attended.get(this.#state.self) ?? []) {
      const holding = this.#state.holdings.get(id)
      const document = holding === undefined ? undefined : documentOf(holding)
      if (document !== undefined) yield* filterWords(document)
    }
  }

  #drop(id: EntityId): void {
    if (this.#records.delete(id)) this.index.remove(id)
  }

  #refresh(holding: Holding): void {
    const { entry } = holding
    // A developer is never a document; what remains of a dead entity is none any more.
    if (entry.kind !== 'record') {
      this.#drop(entry.id)
      return
    }
    const known = this.#records.get(entry.id)
    if (known === entry.record) {
      const status = holding.shown === 'active' ? 'active' : 'inactive'
      this.index.setStatus(entry.id, status, presenceOf(entry)?.beat.timeMs ?? 0)
      return
    }
    const document = documentOf(holding)
    if (document === undefined) return
    this.index.put(document)
    this.#records.set(entry.id, entry.record)
  }
}

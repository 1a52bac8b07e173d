/** Search and the words of this node's filter, kept in step with state: a projection, never a second truth. */
import type { Clock, Holding, RegistryState } from '@rollcall/core'
import type { EntityId } from '@rollcall/protocol'
import { filterWords, SearchIndex } from '@rollcall/search'
import { documentOf, RecordDocument } from './document.ts'
import { inSlices } from './slices.ts'

export class Projection {
  readonly index: SearchIndex = new SearchIndex()
  readonly #state: RegistryState

  constructor(state: RegistryState) {
    this.#state = state
  }

  /** Brings the documents of these entities up to date. */
  refresh(ids: Iterable<EntityId>): void {
    for (const id of ids) {
      const holding = this.#state.holdings.get(id)
      if (holding !== undefined) this.#refresh(holding)
      else this.index.remove(id)
    }
  }

  /** Indexes everything, at start. */
  async build(clock: Clock): Promise<void> {
    await inSlices(clock, this.#state.holdings.values(), (holding) => this.#refresh(holding))
  }

  /** Words and ids of the active entities this node attends (F2). */
  *attendedWords(): Generator<string> {
    for (const id of this.#state.attended.get(this.#state.self) ?? []) {
      const holding = this.#state.holdings.get(id)
      const document = holding === undefined ? undefined : documentOf(holding)
      if (document !== undefined) yield* filterWords(document)
    }
  }

  #refresh(holding: Holding): void {
    const { id } = holding.entry
    const document = documentOf(holding)
    const known = this.index.document(id)
    // A developer is never a document; what remains of a dead entity is none any more.
    if (document === undefined) this.index.remove(id)
    // Where the record is unchanged, only the presence is touched.
    else if (known instanceof RecordDocument && known.record === document.record)
      this.index.setStatus(id, document.status, document.lastActiveMs)
    else this.index.put(document)
  }
}

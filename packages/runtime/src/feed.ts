/** Transitions for whoever watches: a ring of the newest, each with a cursor by which a reader resumes. */
import type { RegistryEvent } from '@rollcall/core'

type Listener = (event: RegistryEvent) => void

export class Feed {
  readonly #ring: RegistryEvent[] = []
  readonly #max: number
  readonly #run: number
  readonly #listeners = new Set<Listener>()
  #next = 1

  /** `run` tells cursors of this run of the node from those of earlier ones. */
  constructor(init: { readonly max: number; readonly run: number }) {
    this.#max = init.max
    this.#run = init.run
  }

  /** That of the newest event; before the first one, one from which everything follows. */
  get cursor(): string {
    return `${this.#run}-${this.#next - 1}`
  }

  publish(event: Omit<RegistryEvent, 'cursor'>): void {
    const full = { ...event, cursor: `${this.#run}-${this.#next++}` }
    this.#ring.push(full)
    // Cut in halves, so that a full ring costs no shift per event.
    if (this.#ring.length >= 2 * this.#max) this.#ring.splice(0, this.#ring.length - this.#max)
    for (const listener of this.#listeners) listener(full)
  }

  subscribe({ since, listener }: { readonly since?: string; readonly listener: Listener }): () => void {
    if (since !== undefined) this.#replay(since, listener)
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #replay(since: string, listener: Listener): void {
    const [run, number] = since.split('-').map(Number)
    const oldest = this.#next - this.#ring.length
    const known = run === this.#run && number !== undefined && number >= oldest - 1 && number < this.#next
    if (!known) listener({ cursor: `${this.#run}-${oldest - 1}`, type: 'gap', atMs: this.#ring[0]?.atMs ?? 0 })
    const from = known ? number - oldest + 1 : 0
    for (const event of this.#ring.slice(from)) listener(event)
  }
}

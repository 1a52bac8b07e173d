/**
 * The categories and tags in use, with how many entities bear each. Counting reads every entity, so it is done a page at a
 * time with a turn of the event loop between pages, by one reader for all who ask, and kept for half a minute.
 */
import type { Clock, Registry } from '@rollcall/core'
import { compareText } from '@rollcall/protocol'

const KEPT_FOR_MS = 30_000
const PAGE = 5_000

export interface Taxonomy {
  /** In ascending order of name. */
  readonly categories: Readonly<Record<string, number>>
  readonly tags: Readonly<Record<string, number>>
}

export class TaxonomyReader {
  readonly #registry: Registry
  readonly #clock: Clock
  #counting: Promise<Taxonomy> | undefined
  #countedMs = 0

  constructor(registry: Registry, clock: Clock) {
    this.#registry = registry
    this.#clock = clock
  }

  read(): Promise<Taxonomy> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#counting === undefined || nowMs - this.#countedMs >= KEPT_FOR_MS) {
      this.#countedMs = nowMs
      this.#counting = this.#count()
    }
    return this.#counting
  }

  async #count(): Promise<Taxonomy> {
    const categories = new Map<string, number>()
    const tags = new Map<string, number>()
    for (let offset = 0; ; offset += PAGE) {
      const { entities } = this.#registry.list({ limit: PAGE, offset })
      for (const { record } of entities) {
        add(categories, record.profile.category)
        for (const tag of new Set(record.profile.tags)) add(tags, tag)
      }
      if (entities.length < PAGE) return { categories: sorted(categories), tags: sorted(tags) }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

const add = (counts: Map<string, number>, name: string): void => {
  if (name !== '') counts.set(name, (counts.get(name) ?? 0) + 1)
}

const sorted = (counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  Object.fromEntries([...counts].sort(([a], [b]) => compareText(a, b)))

import { type Holding, presenceOf, type RegistryState } from '@rollcall/core'
import type { EntityId, EntityRecord } from '@rollcall/protocol'
import type { SimNode } from '../node/sim-node.ts'
import { WORDS } from '../workload/words.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** What a search for a word finds is what a walk over all records finds; looked at on one node after the other. */
class SearchIsState implements Checker {
  readonly name = searchIsState.name
  readonly #world: World
  #turn = 0

  constructor(world: World) {
    this.#world = world
  }

  async interval(): Promise<void> {
    const node = this.#world.nodes[this.#turn++ % this.#world.nodes.length]
    // While a disk takes its time, the index waits for it: persist, then reindex.
    if (node?.isHealthy && node.diskDelayMaxMs === 0)
      await this.#look(node, ['', WORDS[this.#turn % WORDS.length] ?? ''])
  }

  async settled(): Promise<void> {
    for (const node of this.#world.nodes) await this.#look(node, ['', ...WORDS])
  }

  async #look(node: SimNode, words: readonly string[]): Promise<void> {
    const { runtime } = node
    if (runtime === undefined) return
    const { state } = runtime.inside
    // Before its first complete sync a node answers no search (S4).
    if (!state.ready) return
    for (const text of words) {
      for (const status of ['active', 'any'] as const) {
        const answer = await runtime.registry.search({ text, status, limit: 1_000, offset: 0 })
        const found = answer.ok ? answer.value.hits.map((hit) => hit.entity.id) : []
        const expected = expectedIds(state, text, status)
        const [wrong] = [
          ...found.filter((id) => !expected.has(id)),
          ...[...expected].filter((id) => !found.includes(id)),
        ]
        const search = `a search for "${text}" (${status}) on ${node.name}`
        if (wrong !== undefined) {
          const is = expected.has(wrong) ? 'misses' : 'wrongly finds'
          this.#world.fail(this.name, `${search} ${is} ${this.#world.trace.of(wrong)}`)
        } else if (answer.ok && answer.value.totalFound !== expected.size) {
          this.#world.fail(this.name, `${search} counts ${answer.value.totalFound} for ${expected.size}`)
        }
      }
    }
  }
}

const expectedIds = (state: RegistryState, text: string, status: 'active' | 'any'): Set<EntityId> => {
  const ids = new Set<EntityId>()
  for (const holding of state.holdings.values()) {
    const { entry } = holding
    if (entry.kind !== 'record' || (status === 'active' && holding.shown !== 'active')) continue
    if (text === '' || wordsOf(entry.record).has(text)) ids.add(entry.id)
  }
  return ids
}

/** The words of a record, by a cutter of its own: the profiles of the workload are plain ASCII. */
export const wordsOf = (record: EntityRecord): ReadonlySet<string> => {
  const known = WORDS_OF.get(record) ?? cutWords(record)
  WORDS_OF.set(record, known)
  return known
}

const WORDS_OF = new WeakMap<EntityRecord, ReadonlySet<string>>()

const cutWords = ({ profile }: EntityRecord): ReadonlySet<string> =>
  new Set(
    [profile.name, profile.category, profile.summary, ...profile.tags].flatMap(
      (text) => text.toLowerCase().match(/[a-z0-9]+/g) ?? [],
    ),
  )

/** Whether a holding is active by its own attendant's word, and that is the node itself. */
export const isAttendedHere = (state: RegistryState, { entry }: Holding): boolean => {
  const presence = presenceOf(entry)
  return presence?.status === 'active' && presence.attendant === state.self
}

export const searchIsState: CheckerKind = {
  name: 'search-is-state',
  rule: 'F1, F4: search finds what the state holds, at every moment, and nothing else.',
  make: (world) => new SearchIsState(world),
}

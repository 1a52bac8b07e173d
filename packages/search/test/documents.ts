import { type EntityId, type EntityType, parseEntityId } from '@rollcall/protocol'
import type { SearchDocument, SearchQuery } from '@rollcall/search'
import fc from 'fast-check'
import { eachDocumentToken } from '../src/tokenizer.ts'

/** A well-formed id that sorts by `n`; ids of one type share their first digits, so that ties of prefixes occur. */
export const idOf = (n: number, type: EntityType = 'agent'): EntityId => {
  const id = parseEntityId(`zns:${type === 'service' ? 'svc:' : ''}${n.toString(16).padStart(32, '0')}`)
  if (id === undefined) throw new Error(`no id for ${n}`)
  return id
}

export const documentOf = (n: number, fields: Partial<SearchDocument> = {}): SearchDocument => ({
  id: idOf(n, fields.type),
  type: 'agent',
  name: `agent ${n}`,
  category: 'general',
  tags: [],
  summary: '',
  capabilityWords: [],
  status: 'active',
  lastActiveMs: 1000 + n,
  ...fields,
})

export const documentTokens = (text: string): string[] => {
  const words: string[] = []
  eachDocumentToken(text, (word) => words.push(word))
  return words
}

export const queryOf = (fields: Partial<SearchQuery> = {}): SearchQuery => ({
  text: '',
  status: 'active',
  limit: 100,
  offset: 0,
  ...fields,
})

const WORDS = ['alpha', 'Beta', 'gamma', 'delta-two', 'ÉPSILON', 'ζήτας', '天気', '天', '天気予報', 'สวัสดี', 'gpt4', '!']
const CATEGORIES = ['Data', 'data', 'finance', 'Travel & Co', '天気']
const TAGS = ['Alpha', 'beta', 'B', 'gamma delta', '!', 'Ζήτας']
const HANDLES = ['alice', 'Bob']

const word = fc.constantFrom(...WORDS)
const text = (maxLength: number) => fc.array(word, { maxLength }).map((words) => words.join(' '))
const status = fc.constantFrom('active' as const, 'inactive' as const)
const type = fc.constantFrom('agent' as const, 'service' as const)
const idNumber = fc.integer({ min: 0, max: 9 })
const timeMs = fc.integer({ min: 0, max: 5 }).map((days) => days * 43_200_000)

export const documents: fc.Arbitrary<SearchDocument> = fc
  .record(
    {
      n: idNumber,
      type,
      name: text(3),
      category: fc.constantFrom(...CATEGORIES),
      tags: fc.array(fc.constantFrom(...TAGS), { maxLength: 3 }),
      summary: text(8),
      capabilityWords: fc.array(word, { maxLength: 3 }),
      developerId: fc.constantFrom('zns:dev:1', 'zns:dev:2'),
      developerHandle: fc.constantFrom(...HANDLES),
      fqan: fc.constantFrom('host/alice/one', 'HOST/bob/two'),
      status,
      lastActiveMs: timeMs,
    },
    { requiredKeys: ['n', 'type', 'name', 'category', 'tags', 'summary', 'capabilityWords', 'status', 'lastActiveMs'] },
  )
  .map(({ n, ...fields }) => ({ ...fields, id: idOf(n, fields.type) }))

export const ids: fc.Arbitrary<EntityId> = fc.tuple(idNumber, type).map(([n, kind]) => idOf(n, kind))

const texts = fc.oneof(
  { weight: 4, arbitrary: text(3) },
  ids,
  fc.constantFrom('', 'zns://host/ALICE/one', 'host/alice/one alpha', '?!'),
)

// One filter or none, mostly: all at once would leave nothing to rank.
const filters: fc.Arbitrary<Partial<SearchQuery>> = fc.oneof(
  { weight: 5, arbitrary: fc.constant({}) },
  fc.record({ category: fc.constantFrom(...CATEGORIES) }),
  fc.record({ tags: fc.array(fc.constantFrom(...TAGS), { maxLength: 3 }) }),
  fc.record({ type }),
  fc.record({ developerId: fc.constantFrom('zns:dev:1', 'zns:dev:2') }),
  fc.record({ developerHandle: fc.constantFrom('ALICE', 'bob'), category: fc.constantFrom('data', 'FINANCE') }),
  fc.record({ tags: fc.constant(['alpha', 'beta']), category: fc.constantFrom('data', 'finance'), type }),
)

export const queries: fc.Arbitrary<SearchQuery> = fc
  .tuple(
    fc.record({
      text: texts,
      status: fc.constantFrom('active' as const, 'inactive' as const, 'any' as const, 'any' as const),
      skills: fc.oneof(fc.constant([]), fc.array(word, { maxLength: 3 })),
      limit: fc.integer({ min: 0, max: 20 }),
      offset: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4 })),
    }),
    filters,
  )
  .map(([query, filter]) => ({ ...query, ...filter }))

export type Change =
  | { readonly kind: 'put'; readonly document: SearchDocument }
  | { readonly kind: 'remove'; readonly id: EntityId }
  | { readonly kind: 'status'; readonly id: EntityId; readonly status: 'active' | 'inactive'; readonly timeMs: number }

export const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: documents.map((document) => ({ kind: 'put' as const, document })) },
    { weight: 2, arbitrary: ids.map((id) => ({ kind: 'remove' as const, id })) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('status' as const), id: ids, status, timeMs }) },
  ),
  { maxLength: 60 },
)

/** The documents that remain after the changes, reckoned without an index. */
export const stateAfter = (history: readonly Change[]): SearchDocument[] => {
  const state = new Map<EntityId, SearchDocument>()
  for (const change of history) {
    if (change.kind === 'put') state.set(change.document.id, change.document)
    else if (change.kind === 'remove') state.delete(change.id)
    else {
      const known = state.get(change.id)
      if (known) state.set(change.id, { ...known, status: change.status, lastActiveMs: change.timeMs })
    }
  }
  return [...state.values()]
}

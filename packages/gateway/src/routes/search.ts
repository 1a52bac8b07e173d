/** `POST /v1/search` and `GET /v1/search`. */
import type { EntityView, SearchAnswer } from '@rollcall/core'
import { type EntityId, fail, type Json, type JsonObject, ok, parseJsonObject, type Result } from '@rollcall/protocol'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { ShownCard } from '../cards/cards.ts'
import type { GatewayContext } from '../context.ts'
import { withDeadline } from '../deadline.ts'
import { bodyText } from '../http/body.ts'
import { flagField, parseSearch, type SearchInput } from '../parse-search.ts'
import { entityJson, isoTime } from '../views/entity-view.ts'
import { answers, type SearchAnswerJson, SearchAnswerSchema } from '../views/schemas.ts'
import { answer } from './answer.ts'
import { queryFields, readyOr503 } from './query.ts'

const text = (description: string) => Type.Optional(Type.String({ description }))
const fields = {
  query: text('Words; empty browses. The id of an entity finds it whatever its status.'),
  status: text('online or active (default), offline or inactive, any.'),
  category: text(''),
  entity_type: text('agent or service.'),
  developer_id: text(''),
  developer_handle: text('Entities of the developer that holds it.'),
  fqan: text('A full name in any spelling, or an entity id: found whatever its status.'),
  cursor: text('next_cursor of the answer before.'),
  offset: Type.Optional(Type.Integer()),
  enrich: Type.Optional(Type.Boolean({ description: 'Attaches the card of each hit where it is held or comes soon.' })),
}
const words = (description: string) => Type.Optional(Type.Array(Type.String(), { description }))
const PostSchema = Type.Object({
  ...fields,
  tags: words('Any of these, case-insensitive.'),
  skills: words('Raise the score of what has them.'),
  max_results: Type.Optional(Type.Integer()),
  include_inactive: Type.Optional(Type.Boolean()),
})
const GetSchema = Type.Object({
  ...fields,
  q: text('As query.'),
  tag: text('Repeatable.'),
  limit: Type.Optional(Type.Integer()),
})

export const searchRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const response = answers({ 200: SearchAnswerSchema })
  app.post(
    '/v1/search',
    { schema: { summary: 'Search entities', tags: ['search'], body: PostSchema, response } },
    async (request, reply) => {
      const body = bodyText(request)
      const read = body === '' ? {} : (parseJsonObject(body) ?? formFields(body))
      if (read === undefined) return answer(reply, fail('malformed', 'the body is not a JSON object'), () => undefined)
      return answer(reply, await search(context, read), (found) => found)
    },
  )
  app.get<{ Querystring: Record<string, string | string[]> }>(
    '/v1/search',
    { schema: { summary: 'Search entities', tags: ['search'], querystring: GetSchema, response } },
    async (request, reply) => answer(reply, await search(context, queryFields(request.query)), (found) => found),
  )
}

/** The fields of a real form, as `curl -d query=weather` sends it; undefined where the body is none. */
const formFields = (body: string): JsonObject | undefined => {
  if (!/^[\w.-]+=/.test(body)) return undefined
  const form = new URLSearchParams(body)
  return Object.fromEntries([...new Set(form.keys())].map((name) => [name, one(form.getAll(name))]))
}

const one = (values: readonly string[]): Json => (values.length === 1 ? (values[0] ?? '') : values)

const search = async (context: GatewayContext, read: JsonObject): Promise<Result<SearchAnswerJson>> => {
  const { clock, settings, hourly } = context
  const startedMs = clock.monotonicMs()
  hourly.searches.add()
  const input = parseSearch(read, { defaultLimit: settings.searchDefaultLimit, maxLimit: settings.searchMaxLimit })
  if (!input.ok) return input
  const found = await withDeadline(clock, settings.searchTimeoutMs, find(context, input.value))
  if (!found.ok) return found
  const latencyMs = clock.monotonicMs() - startedMs
  context.activity.searched({ query: queryOf(input.value), found: found.value.totalFound, latencyMs })
  const cards = flagField(read, 'enrich') ? await cardsOf(context, found.value) : undefined
  return ok(answerJson(context, input.value, { ...found.value, cards, latencyMs: clock.monotonicMs() - startedMs }))
}

/** What was looked for, as whoever watches is told. */
const queryOf = (input: SearchInput): string => {
  if (input.kind === 'search') return input.request.text
  return input.kind === 'id' ? input.id : input.kind === 'name' ? `${input.handle}/${input.name}` : ''
}

const cardsOf = (context: GatewayContext, { hits }: SearchAnswer): Promise<ReadonlyMap<EntityId, ShownCard>> =>
  context.cards.many(
    hits.map(({ entity }) => entity),
    context.settings.enrichTimeoutMs,
  )

const find = async (context: GatewayContext, input: SearchInput): Promise<Result<SearchAnswer>> => {
  if (input.kind === 'search') return context.registry.search(input.request)
  if (input.kind === 'name' && input.offset === 0) return findByName(context, input)
  if (input.kind === 'id' && input.offset === 0) return findById(context, input.id)
  const ready = readyOr503(context)
  return ready.ok ? ok(nothing(context)) : ready
}

const findByName = (
  context: GatewayContext,
  of: { readonly handle: string; readonly name: string },
): Result<SearchAnswer> => {
  const ready = readyOr503(context)
  if (!ready.ok) return ready
  const found = context.registry.resolveName(of)
  if (found === undefined) return ok(nothing(context))
  context.activity.nameResolved(found)
  return ok(only(context, found))
}

const only = (context: GatewayContext, entity: EntityView): SearchAnswer => ({
  ...nothing(context),
  hits: [{ entity, score: 1, breakdown: { text_relevance: 1 } }],
  totalFound: 1,
  asOfMs: entity.asOfMs,
})

const findById = async (context: GatewayContext, id: EntityId): Promise<Result<SearchAnswer>> => {
  const found = await context.lookup.find(id, 'local')
  if (found.ok) return ok(only(context, found.value))
  const isUnknown = found.code === 'entity_not_found' || found.code === 'entity_deregistered'
  return isUnknown ? ok(nothing(context)) : found
}

const nothing = (context: GatewayContext): SearchAnswer => ({
  hits: [],
  totalFound: 0,
  nextCursor: undefined,
  asOfMs: context.clock.wallMs(),
  complete: true,
  unanswered: [],
})

const cardJson = (shown: ShownCard | undefined) => {
  const card = shown === undefined ? undefined : parseJsonObject(shown.text)
  if (shown === undefined || card === undefined) return {}
  return { card, card_signature: shown.signature, card_age_seconds: shown.ageSeconds }
}

/** Zynd's clients expect a number for each of these (zynd-wire.md §4.2). */
const NO_BREAKDOWN = { text_relevance: 0, semantic_similarity: 0, trust_score: 0, freshness: 0, availability: 0 }

const answerJson = (
  context: GatewayContext,
  input: SearchInput,
  found: SearchAnswer & { readonly cards: ReadonlyMap<EntityId, ShownCard> | undefined; readonly latencyMs: number },
): SearchAnswerJson => {
  const ttlSeconds = context.settings.inactiveThresholdSeconds
  const offset = input.kind === 'search' ? input.request.offset : input.offset
  const isPaged = input.kind === 'search' && input.request.cursor === undefined
  return {
    results: found.hits.map((hit) => ({
      ...entityJson(hit.entity, { ttlSeconds }),
      score: hit.score,
      score_breakdown: { ...NO_BREAKDOWN, ...hit.breakdown },
      ...cardJson(found.cards?.get(hit.entity.id)),
    })),
    total_found: found.totalFound,
    offset,
    has_more: found.nextCursor !== undefined || (isPaged && offset + found.hits.length < found.totalFound),
    ...(found.nextCursor === undefined ? {} : { next_cursor: found.nextCursor }),
    search_stats: {
      local_results: found.hits.length,
      gossip_results: 0,
      federated_results: 0,
      peers_queried: 0,
      latency_ms: found.latencyMs,
    },
    node_id: context.registry.nodeId,
    as_of: isoTime(found.asOfMs),
    complete: found.complete,
    ...(found.unanswered.length === 0 ? {} : { unanswered: [...found.unanswered] }),
  }
}

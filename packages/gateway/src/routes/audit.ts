/** The audit chain of this node (A1): `GET /v1/audit` shows its links, `GET /v1/audit/verify` walks all of it. */
import type { AuditLink, AuditReport } from '@rollcall/core'
import { base16, formatStamp } from '@rollcall/protocol'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { countField, parsePage } from '../parse-search.ts'
import { isoTime } from '../views/entity-view.ts'
import { answers } from '../views/schemas.ts'
import { answer } from './answer.ts'
import { queryFields } from './query.ts'

const LINKS = { defaultLimit: 100, maxLimit: 1_000 }

const LinkSchema = Type.Object({
  number: Type.Integer({ description: '1 for the first link ever.' }),
  previous: Type.String({ description: 'Hash of the link before, hexadecimal.' }),
  hash: Type.String(),
  at: Type.String({ format: 'date-time' }),
  kind: Type.String({ description: 'A kind of transition, or verdict.' }),
  subject: Type.String({ description: 'The entity; of a verdict the node.' }),
  from: Type.String(),
  to: Type.String(),
  reason: Type.String(),
  attendant: Type.String(),
  stamp: Type.Union([Type.String(), Type.Null()]),
})
const LinksSchema = Type.Object({
  node_id: Type.String(),
  links: Type.Array(LinkSchema),
  next_after: Type.Optional(Type.Integer({ description: 'What after should be for the links that follow.' })),
})
const ReportSchema = Type.Object({
  node_id: Type.String(),
  ok: Type.Boolean({ description: 'Whether the chain is whole and a peer remembers its head.' }),
  result: Type.Union([Type.Literal('ok'), Type.Literal('broken'), Type.Literal('tail_unwitnessed')]),
  length: Type.Integer(),
  oldest: Type.Integer({ description: 'The oldest link held; those before it were pruned.' }),
  first_broken_id: Type.Optional(Type.Integer()),
  reason: Type.Optional(Type.String()),
  witnesses: Type.Array(Type.String(), { description: 'Nodes that remember a head of this chain.' }),
})

export const auditRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const { registry } = context
  app.get<{ Querystring: Record<string, string | string[]> }>(
    '/v1/audit',
    {
      schema: {
        summary: 'Links of the audit chain, oldest first',
        tags: ['node'],
        querystring: Type.Object({
          after: Type.Optional(Type.Integer()),
          limit: Type.Optional(Type.Integer({ maximum: LINKS.maxLimit })),
        }),
        response: answers({ 200: LinksSchema }),
      },
    },
    async (request, reply) => {
      const fields = queryFields(request.query)
      const after = countField(fields, ['after'])
      if (!after.ok) return answer(reply, after, () => undefined)
      const page = parsePage(fields, LINKS)
      if (!page.ok) return answer(reply, page, () => undefined)
      const { limit } = page.value
      const links = await registry.auditLinks({ after: after.value, limit })
      const last = links.at(-1)
      const next = last === undefined || links.length < limit ? {} : { next_after: last.number }
      return { node_id: registry.nodeId, links: links.map(linkJson), ...next }
    },
  )

  // A walk reads the whole chain: whoever asks during one gets its result.
  let walking: Promise<AuditReport> | undefined
  app.get(
    '/v1/audit/verify',
    {
      schema: {
        summary: 'Whether the audit chain is whole, and its tail known to peers',
        tags: ['node'],
        response: answers({ 200: ReportSchema }),
      },
    },
    async () => {
      walking ??= registry.verifyAudit().finally(() => {
        walking = undefined
      })
      const { firstBrokenId, ...report } = await walking
      return {
        node_id: registry.nodeId,
        ok: report.result === 'ok',
        ...report,
        ...(firstBrokenId === undefined ? {} : { first_broken_id: firstBrokenId }),
      }
    },
  )
}

const linkJson = ({ number, previous, hash, fact }: AuditLink): Static<typeof LinkSchema> => ({
  number,
  previous: base16(previous),
  hash: base16(hash),
  at: isoTime(fact.atMs),
  kind: fact.kind,
  subject: fact.subject,
  from: fact.from,
  to: fact.to,
  reason: fact.reason,
  attendant: fact.attendant,
  stamp: fact.stamp === undefined ? null : formatStamp(fact.stamp),
})

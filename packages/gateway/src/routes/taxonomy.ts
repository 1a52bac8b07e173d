/** `GET /v1/categories` and `GET /v1/tags`, in the object form that Zynd's dashboard reads. */
import { type TObject, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { TaxonomyReader } from '../taxonomy.ts'
import { answers } from '../views/schemas.ts'
import { answer } from './answer.ts'
import { readyOr503 } from './query.ts'

export const taxonomyRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const reader = new TaxonomyReader(context.registry, context.clock)
  for (const kind of ['categories', 'tags'] as const) {
    app.get(
      `/v1/${kind}`,
      { schema: { summary: `The ${kind} in use`, tags: ['search'], response: answers({ 200: schemaOf(kind) }) } },
      async (_request, reply) => {
        const ready = readyOr503(context)
        if (!ready.ok) return answer(reply, ready, () => undefined)
        const counts = (await reader.read())[kind]
        return { [kind]: Object.keys(counts), counts }
      },
    )
  }
}

const schemaOf = (kind: string): TObject =>
  Type.Object({ [kind]: Type.Array(Type.String()), counts: Type.Record(Type.String(), Type.Integer()) })

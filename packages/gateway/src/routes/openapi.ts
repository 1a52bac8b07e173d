/**
 * `GET /openapi.json`: the description generated from the schemas of the routes, and `GET /docs` to read it. `/swagger/` and
 * `/swagger/doc.json` are where AgentDNS has them.
 */
import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { assetRoute } from '../pages/asset.ts'
import { BindingSchema, DeveloperSchema } from '../views/naming-schemas.ts'
import { EntitySchema, ErrorSchema, EventSchema } from '../views/schemas.ts'

/** Registers the generator. To be called before any route is, or that route is not described. */
export const describeRoutes = async (app: FastifyInstance, context: GatewayContext): Promise<void> => {
  app.addSchema(EntitySchema)
  app.addSchema(ErrorSchema)
  app.addSchema(EventSchema)
  app.addSchema(DeveloperSchema)
  app.addSchema(BindingSchema)
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'rollcall',
        version: context.info.version,
        description: 'A distributed registry for AI agents and services. Zynd clients are served unmodified.',
      },
      servers: [{ url: context.info.url === '' ? '/' : context.info.url }],
      tags: [
        { name: 'entities', description: 'Agents and services' },
        { name: 'search', description: 'Finding them' },
        { name: 'developers', description: 'Who owns entities; their handles, and the names of their entities' },
        { name: 'heartbeat', description: 'Sockets over which entities say that they are alive' },
        { name: 'events', description: 'Transitions as they happen' },
        { name: 'node', description: 'This node and its peers' },
      ],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `schema-${index}`,
    },
  })
}

export const openapiRoutes = (app: FastifyInstance): void => {
  for (const path of ['/openapi.json', '/swagger/doc.json']) {
    app.get(path, { schema: { hide: true } }, async () => app.swagger())
  }
  for (const path of ['/docs', '/swagger']) assetRoute(app, path, 'docs.html')
  assetRoute(app, '/pages/docs.js', 'docs.js')
}

/** Answers what no route serves: 404, or 405 with `Allow` where the path is served under another method. */
import { fail } from '@rollcall/protocol'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { refuse } from './errors.ts'

export const answerUnknownRoutes = (app: FastifyInstance): void => {
  const served: { readonly pattern: RegExp; readonly methods: Set<string> }[] = []
  app.addHook('onRoute', (route: RouteOptions) => {
    const pattern = new RegExp(`^${route.url.replace(/:[^/]+/g, '[^/]+')}$`)
    const known = served.find((entry) => entry.pattern.source === pattern.source)
    const methods = [route.method].flat()
    if (known === undefined) served.push({ pattern, methods: new Set(methods) })
    else for (const method of methods) known.methods.add(method)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = (request.url.split('?')[0] ?? '').replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
    const methods = served.find((entry) => entry.pattern.test(path))?.methods
    if (methods === undefined) return refuse(reply, fail('not_found', `there is nothing at ${path.slice(0, 200)}`))
    const allow = [...methods].join(', ')
    reply.header('allow', allow)
    return refuse(reply, fail('method_not_allowed', `${request.method} is not served here, ${allow} is`))
  })
}

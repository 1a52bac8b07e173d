/**
 * The front door of a node: HTTP API, heartbeat sockets and event feed over one port, all calling the `Registry` port.
 *
 * Phases: made → started → stopping → stopped. While stopping no new work is taken (503, which means it will never run),
 * native sessions are told where to go, every socket is closed with 1001, and requests under way are answered.
 */
import type { FastifyInstance } from 'fastify'
import { type FeedContext, makeContext } from './context.ts'
import { EventFeeds } from './feeds/event-feeds.ts'
import { makeApp } from './http/app.ts'
import type { Gateway, GatewayInit } from './init.ts'
import { assetRoute } from './pages/asset.ts'
import { adminRoutes } from './routes/admin.ts'
import { approveRoutes } from './routes/approve.ts'
import { auditRoutes } from './routes/audit.ts'
import { cardRoutes } from './routes/card.ts'
import { developersRoutes } from './routes/developers.ts'
import { entitiesRoutes } from './routes/entities.ts'
import { entityRoutes } from './routes/entity.ts'
import { eventsRoutes } from './routes/events.ts'
import { handlesRoutes } from './routes/handles.ts'
import { healthRoutes } from './routes/health.ts'
import { identityProofRoutes } from './routes/identity-proof.ts'
import { namesRoutes } from './routes/names.ts'
import { networkRoutes } from './routes/network.ts'
import { onboardingRoutes } from './routes/onboarding.ts'
import { describeRoutes, openapiRoutes } from './routes/openapi.ts'
import { peersRoutes } from './routes/peers.ts'
import { searchRoutes } from './routes/search.ts'
import { socketRoutes } from './routes/sockets.ts'
import { taxonomyRoutes } from './routes/taxonomy.ts'
import { NativeSocket } from './sockets/native-socket.ts'
import type { SocketContext } from './sockets/server-socket.ts'
import { SocketTable } from './sockets/socket-table.ts'
import { Sweeper } from './sockets/sweeper.ts'
import { UpgradeDoor } from './sockets/upgrade-door.ts'

/** Makes a gateway. Throws a RangeError where the settings contradict one another (L11). */
export const createGateway = (init: GatewayInit): Gateway => {
  let isStopping = false
  const base = makeContext(init, () => isStopping)
  const table = new SocketTable(base.metrics, base.settings.socketsPerAddressMax)
  const sweeper = new Sweeper(base.clock, table, base.settings)
  const context = { ...base, feeds: new EventFeeds(base), table, sweeper }
  const app = makeApp(base)
  registerRoutes(app, context)
  const door = new UpgradeDoor(context, app.server)

  let endCounting: (() => void) | undefined
  let stopped: Promise<void> | undefined
  return {
    async start({ host, port }) {
      await app.listen({ host, port })
      sweeper.start()
      endCounting = base.registry.subscribe({ listener: () => base.hourly.transitions.add() })
      const address = app.server.address()
      if (address === null || typeof address === 'string') throw new Error('the server listens on no port')
      base.log.info('the gateway listens', { host: address.address, port: address.port })
      return { host: address.address, port: address.port }
    },
    stop() {
      stopped ??= stopGateway(app, { ...context, door }, () => {
        isStopping = true
        endCounting?.()
      })
      return stopped
    },
    inject: (request) => app.inject(request),
  }
}

const registerRoutes = (app: FastifyInstance, context: FeedContext): void => {
  app.register(async (scope) => {
    await describeRoutes(scope, context)
    scope.register(async (routes) => {
      healthRoutes(routes, context)
      entitiesRoutes(routes, context)
      entityRoutes(routes, context)
      cardRoutes(routes, context)
      searchRoutes(routes, context)
      taxonomyRoutes(routes, context)
      networkRoutes(routes, context)
      peersRoutes(routes, context)
      identityProofRoutes(routes, context)
      onboardingRoutes(routes, context)
      approveRoutes(routes, context)
      assetRoute(routes, '/pages/page.css', 'page.css')
      auditRoutes(routes, context)
      developersRoutes(routes, context)
      handlesRoutes(routes, context)
      namesRoutes(routes, context)
      eventsRoutes(routes, context)
      adminRoutes(routes, context)
      socketRoutes(routes)
      openapiRoutes(routes)
    })
  })
}

const stopGateway = async (
  app: FastifyInstance,
  context: FeedContext & SocketContext & { readonly door: UpgradeDoor },
  begin: () => void,
): Promise<void> => {
  begin()
  const { table, sweeper, feeds, door, registry, settings, clock, log } = context
  log.info('the gateway stops', { sockets: table.size })
  const own = registry.node().url
  const others = registry.otherUrls().filter((url) => url !== own)
  for (const socket of table) {
    if (socket instanceof NativeSocket) socket.move(others)
    socket.end('going_away')
  }
  feeds.end()
  context.cards.stop()
  const cancel = clock.schedule(settings.stopTimeoutMs, () => {
    log.warn('connections were cut, they did not end in time', { sockets: table.size })
    for (const socket of table) socket.cut()
    door.cut()
    app.server.closeAllConnections()
  })
  try {
    await app.close()
  } finally {
    cancel()
    sweeper.stop()
  }
}

/** The node and its peers: `GET /v1/cluster` (ours), `GET /v1/info` and `GET /v1/network/*` (zynd-wire.md §4.4). */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isLocal } from '../address.ts'
import type { GatewayContext } from '../context.ts'
import { registryId } from '../views/entity-view.ts'
import { clusterNodeJson, peerJson, registeredOn } from '../views/node-view.ts'
import { answers, ClusterNodeSchema } from '../views/schemas.ts'

const ClusterSchema = Type.Object({
  converged: Type.Boolean(),
  reasons: Type.Array(Type.String()),
  node_id: Type.String(),
  nodes: Type.Array(ClusterNodeSchema),
})
const Anything = Type.Object({}, { additionalProperties: true })
const describe = (summary: string, schema = Anything) => ({
  schema: { summary, tags: ['node'], response: answers({ 200: schema }) },
})

export const networkRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const { registry, info, clock } = context
  const peers = () => registry.cluster().nodes.filter((node) => !node.self)

  app.get('/v1/cluster', describe('Every node, and whether all hold the same', ClusterSchema), async () => {
    const { converged, reasons, nodes } = registry.cluster()
    return { converged, reasons: [...reasons], node_id: registry.nodeId, nodes: nodes.map(clusterNodeJson) }
  })

  app.get('/v1/info', describe('This node'), async (request) => {
    const onboarding = onboardingOf(context, request)
    const node = registry.node()
    return {
      registry_id: registryId(registry.nodeId),
      node_id: registry.nodeId,
      name: info.name,
      version: info.version,
      url: info.url,
      mode: node.mode,
      developer_onboarding: onboarding,
      onboarding_mode: onboarding.mode,
      entity_count: registeredOn(node),
      peer_count: peers().length,
      zynd_signatures: context.settings.zyndSignatures,
      heartbeat: {
        interval_seconds: context.settings.intervalSeconds,
        inactive_threshold_seconds: context.settings.inactiveThresholdSeconds,
        max_clock_skew_seconds: context.settings.maxClockSkewSeconds,
      },
    }
  })

  app.get('/v1/network/status', describe('This node, as Zynd describes one'), async () => {
    const node = registry.node()
    return {
      registry_id: registryId(registry.nodeId),
      name: info.name,
      version: info.version,
      uptime: `${Math.max(0, Math.floor((clock.wallMs() - node.startedAtMs) / 1000))}s`,
      peer_count: peers().filter((peer) => peer.connected).length,
      local_agents: registeredOn(node),
      gossip_entries: registeredOn(node) + node.counts.tombstones + node.counts.graves,
      cached_cards: context.cards.size,
      node_type: node.mode,
    }
  })

  app.get('/v1/network/stats', describe('The network, as Zynd counts it'), async () => {
    const others = peers()
    const heard = others.filter((peer) => peer.state === 'heard').length
    return {
      estimated_registries: 1 + others.filter((peer) => peer.state !== 'gone').length,
      estimated_agents: registeredOn(registry.node()),
      // Gossip carries transitions and nothing else (G1), so those seen here are what it carried.
      gossip_messages_per_hour: context.hourly.transitions.total(),
      searches_per_hour: context.hourly.searches.total(),
      mesh_connectivity: others.length === 0 ? 1 : heard / others.length,
    }
  })

  app.get('/v1/network/peers', describe('The other nodes'), async () => ({ peers: peers().map(peerJson) }))
}

/**
 * `zynd auth login` makes a key only where onboarding is restricted and has an address; so this says both, while developers
 * who make their own keys are taken all the same (zynd-wire.md §4.4).
 */
const onboardingOf = ({ settings, info }: GatewayContext, request: FastifyRequest) => {
  const base = mappedOrigin(request) ?? info.url
  const url = settings.onboardingUrl === '' && base !== '' ? `${base}/onboard` : settings.onboardingUrl
  return settings.onboardingMode === 'open' || url === ''
    ? { mode: 'open' as const }
    : { mode: 'restricted' as const, auth_url: url }
}

/**
 * The origin by which the caller reached this node, where that is a port of the caller's own machine mapped into a container.
 * The public URL is then the name that other containers know, which no browser outside of them finds.
 */
const mappedOrigin = (request: FastifyRequest): string | undefined => {
  const { host = '', forwarded, 'x-forwarded-for': forwardedFor } = request.headers
  const isMachine = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d{1,5})?$/.test(host)
  const isDirect = forwarded === undefined && forwardedFor === undefined && !isLocal(request.raw, request.callerAddress)
  return isMachine && isDirect ? `http://${host}` : undefined
}

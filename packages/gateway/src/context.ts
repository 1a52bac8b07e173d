/** What every route and every socket works with. Made once, by `createGateway`. */
import type { Clock, Log, Metrics, Random, Registry } from '@rollcall/core'
import type { Signer } from '@rollcall/protocol'
import { ActivityBus } from './activity/activity-bus.ts'
import { Cards } from './cards/cards.ts'
import type { EventFeeds } from './feeds/event-feeds.ts'
import { HourlyCount } from './hourly-count.ts'
import type { GatewayInfo, GatewayInit } from './init.ts'
import { Lookup } from './lookup.ts'
import { type GatewaySettings, gatewaySettings } from './settings.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface GatewayContext {
  readonly registry: Registry
  readonly lookup: Lookup
  readonly settings: GatewaySettings
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  readonly metricsText: (() => Promise<string>) | undefined
  readonly info: GatewayInfo
  readonly signer: Signer
  readonly adminAllowed: (token: string) => boolean
  readonly addPeer: GatewayInit['addPeer']
  readonly drain: (() => void) | undefined
  readonly backup: (() => AsyncIterable<Uint8Array>) | undefined
  readonly cards: Cards
  readonly activity: ActivityBus
  readonly limits: RequestLimits
  readonly hourly: { readonly searches: HourlyCount; readonly transitions: HourlyCount }
  /** True from the moment `stop` is called. */
  isStopping: () => boolean
}

export interface RequestLimits {
  readonly reads: TokenBuckets
  readonly writes: TokenBuckets
  readonly writesPerKey: TokenBuckets
}

/** A context whose feeds count as room for sockets too. */
export interface FeedContext extends GatewayContext {
  readonly feeds: EventFeeds
}

export const makeContext = (init: GatewayInit, isStopping: () => boolean): GatewayContext => {
  const { registry, clock, metrics } = init
  const settings = gatewaySettings(init.settings ?? {})
  const buckets = (perMinute: number): TokenBuckets =>
    new TokenBuckets(clock, perMinute, () =>
      metrics.count('dropped_total', { queue: 'rate_limits', reason: 'table_full' }),
    )
  return {
    registry,
    lookup: new Lookup(registry, clock),
    settings,
    clock,
    random: init.random,
    log: init.log,
    metrics,
    metricsText: init.metricsText,
    info: init.info,
    signer: init.signer,
    adminAllowed: init.adminAllowed ?? (() => false),
    addPeer: init.addPeer,
    drain: init.drain,
    backup: init.backup,
    activity: new ActivityBus({ clock, registry, metrics }),
    cards: new Cards({ settings, clock, log: init.log, metrics, verifier: init.verifier }),
    limits: {
      reads: buckets(settings.readsPerAddressPerMinute),
      writes: buckets(settings.writesPerAddressPerMinute),
      writesPerKey: buckets(settings.writesPerKeyPerMinute),
    },
    hourly: { searches: new HourlyCount(clock), transitions: new HourlyCount(clock) },
    isStopping,
  }
}

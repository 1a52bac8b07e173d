/** The configuration in the words of each part: who takes which setting, in which unit. */
import { readFileSync } from 'node:fs'
import type { GatewaySettings } from '@rollcall/gateway'
import type { MeshInit } from '@rollcall/mesh-libp2p'
import type { RuntimeSettings } from '@rollcall/runtime'
import type { Config } from './config/index.ts'
import { VERSION } from './version.ts'

const MS = 1000

/** What follows from the threshold, so that a node with short times is not left with long ones beside them. */
const statusIntervalMs = (thresholdMs: number): number => Math.min(5_000, thresholdMs / 5)
const suspectMs = (thresholdMs: number): number => Math.min(15_000, thresholdMs / 2)
const flushIntervalMs = (thresholdMs: number): number => Math.min(60_000, thresholdMs / 5)
const tickMs = (thresholdMs: number): number => Math.min(250, thresholdMs / 20)

/** A request that waits longer for the loop has met a disk or a processor that does not keep up. */
const ANSWER_TIMEOUT_MS = 10_000
/** The API promises a fresh answer within 300 ms. */
const ASK_TIMEOUT_MS = 300

export const runtimeSettings = (config: Config, url: string): RuntimeSettings => {
  const { heartbeat, tombstone } = config
  const thresholdMs = heartbeat.inactiveThresholdSeconds * MS
  return {
    name: config.node.name,
    url,
    mode: config.node.mode,
    registryHost: config.node.registryHost,
    version: VERSION,
    joins: config.mesh.join.length > 0,
    intervalMs: heartbeat.intervalSeconds * MS,
    thresholdMs,
    skewMs: heartbeat.maxClockSkewSeconds * MS,
    graceMs: heartbeat.restartGraceSeconds * MS,
    sweepIntervalMs: heartbeat.sweepIntervalSeconds * MS,
    retentionMs: tombstone.retentionSeconds * MS,
    forgetMs: tombstone.forgetAfterSeconds * MS,
    zyndSignatures: config.security.zyndSignatures,
    batchWindowMs: config.gossip.batchWindowMs,
    gossipBytesMax: config.gossip.maxMessageBytes,
    syncIntervalMs: config.sync.intervalSeconds * MS,
    filterIntervalMs: config.bloom.rebuildIntervalSeconds * MS,
    filterFalsePositiveRate: config.bloom.falsePositiveRate,
    inboxMax: config.limits.inboxLength,
    auditLinksMax: config.limits.auditLinks,
    suspectMs: suspectMs(thresholdMs),
    tickMs: tickMs(thresholdMs),
    statusIntervalMs: statusIntervalMs(thresholdMs),
    flushIntervalMs: flushIntervalMs(thresholdMs),
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    askTimeoutMs: ASK_TIMEOUT_MS,
  }
}

export const gatewaySettings = (config: Config): Partial<GatewaySettings> => {
  const { http, heartbeat, limits, search, security, cards, onboarding } = config
  return {
    intervalSeconds: heartbeat.intervalSeconds,
    inactiveThresholdSeconds: heartbeat.inactiveThresholdSeconds,
    maxClockSkewSeconds: heartbeat.maxClockSkewSeconds,
    zyndSignatures: security.zyndSignatures,
    corsOrigins: security.corsOrigins,
    trustProxy: http.trustProxy,
    // Named as the address of the API, metrics are meant to be open there.
    metricsPublic: config.metrics.listen === http.listen,
    searchDefaultLimit: search.defaultLimit,
    searchMaxLimit: search.maxLimit,
    searchTimeoutMs: search.timeoutMs,
    onboardingMode: onboarding.mode,
    onboardingUrl: onboarding.authUrl,
    cardsFromPrivateAddresses: cards.allowPrivateAddresses,
    cardBytesMax: cards.maxBytes,
    cardTimeoutMs: cards.timeoutMs,
    cardMaxAgeSeconds: cards.maxAgeSeconds,
    cardCacheBytesMax: cards.cacheBytes,
    cardFetchesMax: cards.fetchesMax,
    enrichTimeoutMs: cards.enrichTimeoutMs,
    bodyBytesMax: limits.bodyBytes,
    requestTimeoutMs: limits.requestTimeoutMs,
    frameBytesMax: limits.frameBytes,
    readsPerAddressPerMinute: limits.readsPerAddressPerMinute,
    writesPerAddressPerMinute: limits.registrationsPerAddressPerMinute,
    writesPerKeyPerMinute: limits.registrationsPerKeyPerMinute,
    socketsPerAddressMax: limits.socketsPerAddress,
    framesPerSecond: limits.framesPerSecondPerSocket,
    idleLimitSeconds: limits.socketIdleSeconds,
    feedsMax: limits.eventFeeds,
  }
}

/** @throws Error when the file of the pre-shared key cannot be read. */
export const meshSettings = (
  config: Config,
): Pick<MeshInit, 'listen' | 'announce' | 'join' | 'allowPeers' | 'limits'> & { readonly psk?: Uint8Array } => ({
  listen: [config.mesh.listen],
  announce: config.mesh.announce,
  join: config.mesh.join,
  allowPeers: config.mesh.allowPeers,
  limits: { messageBytesMax: config.gossip.maxMessageBytes },
  ...(config.mesh.pskFile === '' ? {} : { psk: new Uint8Array(readFileSync(config.mesh.pskFile)) }),
})

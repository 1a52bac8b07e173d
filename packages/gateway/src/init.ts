/** What a gateway is made of, and what it offers to the node that owns it. */
import type { Clock, Log, Metrics, Random, Registry } from '@rollcall/core'
import type { NodeId, Result, Signer, Verifier } from '@rollcall/protocol'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import type { GatewaySettings } from './settings.ts'

export interface GatewayInit {
  readonly registry: Registry
  /** Laid over `GATEWAY_DEFAULTS`. */
  readonly settings?: Partial<GatewaySettings>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
  /** The key of this node, for what it signs as a registry. */
  readonly signer: Signer
  /** Verifies the cards of agents. */
  readonly verifier: Verifier
  /** The text of `GET /metrics` in Prometheus' format; without it that route answers 404. */
  readonly metricsText?: () => Promise<string>
  readonly info: GatewayInfo
  /** Whether a bearer token is an admin's. Without it no token is. */
  readonly adminAllowed?: (token: string) => boolean
  /** Has the node dial this multiaddr from now on; without it `POST /v1/network/peers` answers 404. */
  readonly addPeer?: (address: string) => Result<NodeId>
  /** Has the node send its sessions elsewhere and take no more writes; without it `POST /v1/admin/drain` answers 404. */
  readonly drain?: () => void
  /** The bytes of a copy of this node's store, without its key; without it `GET /v1/admin/backup` answers 404. */
  readonly backup?: () => AsyncIterable<Uint8Array>
}

/** What `GET /v1/info` and the OpenAPI description say of this node. */
export interface GatewayInfo {
  readonly name: string
  readonly version: string
  /** Public URL of the HTTP API; empty where it has none. */
  readonly url: string
  /** Of the certificate that clients see: `sha256:` and hexadecimal digits of its public key. Absent where it is not known. */
  readonly tlsSpkiFingerprint?: string
}

export interface Gateway {
  /** Listens; port 0 takes a free one. Resolves with the address in use. Rejects where it cannot be had. */
  start(at: { readonly host: string; readonly port: number }): Promise<{ readonly host: string; readonly port: number }>
  /**
   * Takes no new work, tells native sessions where to go, closes every socket with 1001 and the server after the requests
   * under way. Takes at most about `stopTimeoutMs`; what is open then is cut. Safe to repeat.
   */
  stop(): Promise<void>
  /** Answers a request without a socket. */
  inject(request: InjectOptions | string): Promise<LightMyRequestResponse>
}

import type { CoreSettings } from '@rollcall/core'
import type { NodeMode } from '@rollcall/protocol'

/** Everything a runtime must be told. Times in milliseconds. */
export interface RuntimeSettings extends CoreSettings {
  readonly name: string
  /** Public URL of the HTTP API; empty where it has none. */
  readonly url: string
  readonly mode: NodeMode
  /** First part of every full name (`registry-host/handle/name`). The same on every node, or one name has two spellings. */
  readonly registryHost: string
  readonly version: string
  /** Whether the node was told of others to join: with an empty store it then serves only after the first sync (S4). */
  readonly joins: boolean
  /** Window in which transitions share a message (G1). Longer: fewer messages, later news. */
  readonly batchWindowMs: number
  readonly gossipBytesMax: number
  readonly syncIntervalMs: number
  /** Between two status messages (S3). */
  readonly statusIntervalMs: number
  readonly sweepIntervalMs: number
  /** Private beats, last stamps heard and verdicts are at most this old on disk (L5). */
  readonly flushIntervalMs: number
  readonly filterIntervalMs: number
  readonly filterFalsePositiveRate: number
  /** Links of the audit chain kept (A1). More: longer history, more disk (about 300 bytes each). */
  readonly auditLinksMax: number
  /** Events waiting to be decided; beyond it the door answers `rate_limited`. */
  readonly inboxMax: number
  /** How long the door waits for an answer of the loop before it says `timeout`. */
  readonly answerTimeoutMs: number
  /** How long peers may take to answer for an entity this node does not know, or for a fresh beat (L7). */
  readonly askTimeoutMs: number
}

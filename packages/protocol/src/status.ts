/** What a node says of itself every few seconds (S3): digest, counts, verdicts, and how far its gossip is numbered. */
import { decodeWith, encode, encodeStamp, Reader } from './codec.ts'
import type { NodeId } from './ids.ts'
import { LIMITS } from './limits.ts'
import type { Result } from './result.ts'
import type { Stamp } from './stamp.ts'

export const NODE_MODES = ['full', 'edge'] as const
export type NodeMode = (typeof NODE_MODES)[number]

export const DIGEST_BYTES = 16

export interface NodeStatus {
  readonly stamp: Stamp
  /** Its steady clock (L4), in milliseconds since the Unix epoch; unlike the stamp it follows no other node. */
  readonly clockMs: number
  readonly run: number
  /** Number of the last transitions message of this run; 0 before the first. */
  readonly number: number
  readonly name: string
  /** Public URL of its HTTP API; empty where it has none. */
  readonly url: string
  readonly mode: NodeMode
  readonly version: string
  /** Whether it serves: false before its first complete sync (S4). */
  readonly ready: boolean
  readonly digest: Uint8Array
  readonly counts: EntryCounts
  /** Nodes it holds gone, each with the last stamp heard of it (L6). */
  readonly verdicts: readonly Verdict[]
  /** Where it can be dialled, `/p2p/<id>` included. */
  readonly addresses: readonly string[]
  /** The last link of its audit chain: peers remember it, and can testify to a rewritten history (A1). */
  readonly audit: { readonly number: number; readonly hash: Uint8Array }
  /** Version of its bloom filter; a peer fetches the filter when it changes (F2). */
  readonly filterVersion: number
}

export interface EntryCounts {
  readonly active: number
  readonly inactive: number
  readonly tombstones: number
  readonly graves: number
}

export interface Verdict {
  readonly node: NodeId
  readonly lastStamp: Stamp
}

export const encodeStatus = (status: NodeStatus): Uint8Array =>
  encode([
    encodeStamp(status.stamp),
    status.clockMs,
    status.run,
    status.number,
    status.name,
    status.url,
    status.mode,
    status.version,
    status.ready ? 1 : 0,
    status.digest,
    [status.counts.active, status.counts.inactive, status.counts.tombstones, status.counts.graves],
    status.verdicts.map((verdict) => [verdict.node, encodeStamp(verdict.lastStamp)]),
    [...status.addresses],
    [status.audit.number, status.audit.hash],
    status.filterVersion,
  ])

export const decodeStatus = (payload: Uint8Array): Result<NodeStatus> =>
  decodeWith('status', payload, LIMITS.statusBytesMax, (reader) => ({
    stamp: reader.stamp('stamp'),
    clockMs: reader.uint('clock'),
    run: reader.uint('run'),
    number: reader.uint('number'),
    name: reader.text('name', LIMITS.nodeNameCharsMax),
    url: reader.text('url', LIMITS.urlCharsMax),
    mode: reader.oneOf('mode', NODE_MODES),
    version: reader.text('version', LIMITS.versionCharsMax),
    ready: reader.uint('ready', 1) === 1,
    digest: reader.bytesExactly('digest', DIGEST_BYTES),
    counts: reader.nested('counts', (counts) => ({
      active: counts.uint('active'),
      inactive: counts.uint('inactive'),
      tombstones: counts.uint('tombstones'),
      graves: counts.uint('graves'),
    })),
    verdicts: reader.list('verdicts', LIMITS.verdictsMax, readVerdict),
    addresses: reader.list('addresses', 32, (value) =>
      new Reader([value], 'address').text('address', LIMITS.urlCharsMax),
    ),
    audit: reader.nested('audit head', (head) => ({
      number: head.uint('number'),
      hash: head.bytesExactly('hash', 32),
    })),
    filterVersion: reader.uint('filter version'),
  }))

const readVerdict = (value: unknown): Verdict => {
  const reader = new Reader(value, 'verdict')
  const verdict = { node: reader.nodeId('node'), lastStamp: reader.stamp('last stamp') }
  reader.end()
  return verdict
}

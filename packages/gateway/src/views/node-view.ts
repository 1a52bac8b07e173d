/** Nodes and the cluster as JSON: ours (api.md), and the shapes Zynd's clients read (zynd-wire.md §4.4). */
import type { ClusterNodeView, NodeView } from '@rollcall/core'
import { base16, formatKey, nodePublicKey } from '@rollcall/protocol'
import { isoTime, registryId } from './entity-view.ts'
import type { ClusterNodeJson } from './schemas.ts'

export const clusterNodeJson = (node: ClusterNodeView): ClusterNodeJson => ({
  node_id: node.id,
  name: node.name,
  url: node.url,
  mode: node.mode,
  version: node.version,
  self: node.self,
  state: node.state,
  ready: node.ready,
  connected: node.connected,
  last_seen: isoTime(node.lastSeenMs),
  clock_offset_ms: node.clockOffsetMs,
  round_trip_ms: node.roundTripMs ?? null,
  digest: node.digest,
  entities: { ...node.counts },
  audit: node.auditHead === undefined ? null : { number: node.auditHead.number, hash: base16(node.auditHead.hash) },
})

export const peerJson = (node: ClusterNodeView) => ({
  registry_id: registryId(node.id),
  node_id: node.id,
  name: node.name,
  address: node.url,
  public_key: formatKey(nodePublicKey(node.id)),
  agent_count: registeredOn(node),
  state: node.state,
  last_seen: isoTime(node.lastSeenMs),
  latency_ms: node.roundTripMs ?? null,
})

/** Entities a node holds, active or not. */
export const registeredOn = ({ counts }: Pick<NodeView, 'counts'>): number => counts.active + counts.inactive

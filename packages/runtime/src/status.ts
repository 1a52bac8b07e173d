/** What this node says of itself every few seconds, and what it makes of what others say (S3, L6). */
import type { AuditHead, Clock, Mesh, MessageVerdict, Metrics, RegistryInput, RegistryState } from '@rollcall/core'
import {
  decodeStatus,
  encodeStatus,
  envelopeCheck,
  equalBytes,
  LIMITS,
  type NodeId,
  type NodeStatus,
  openEnvelope,
  type Signer,
  sealEnvelope,
} from '@rollcall/protocol'
import type { Evidence } from './evidence.ts'
import type { RuntimeSettings } from './settings.ts'

export interface StatusInit {
  readonly state: RegistryState
  readonly mesh: Mesh
  readonly clock: Clock
  readonly metrics: Metrics
  readonly signer: Signer
  readonly evidence: Evidence
  readonly settings: RuntimeSettings
  readonly gossip: { readonly run: number; readonly number: number }
  readonly filterVersion: () => number
  /** Head of the audit chain that is on disk for good. */
  readonly auditHead: () => AuditHead
  readonly submit: (event: RegistryInput) => boolean
  /** A peer's status that is new here. */
  readonly onStatus: (origin: NodeId, status: NodeStatus) => void
}

export class StatusBoard {
  readonly #init: StatusInit

  constructor(init: StatusInit) {
    this.#init = init
  }

  publish(): void {
    const { mesh, signer } = this.#init
    mesh.publish('rollcall/status/1', sealEnvelope('status', encodeStatus(this.#own()), signer))
  }

  async receive(message: Uint8Array): Promise<MessageVerdict> {
    const { mesh, evidence, state, clock, submit, onStatus } = this.#init
    const envelope = openEnvelope(message)
    if (!envelope.ok || envelope.value.type !== 'status') return 'reject'
    const { origin, payload } = envelope.value
    if (origin === mesh.nodeId) return 'ignore'
    if (!(await evidence.holds(envelopeCheck(envelope.value)))) return 'reject'
    const status = decodeStatus(payload)
    if (!status.ok || status.value.stamp.node !== origin) return 'reject'
    submit({ type: 'status', origin, status: status.value })
    const nowMs = state.steady.at(clock.monotonicMs())
    if (status.value.stamp.wallMs > nowMs + state.settings.skewMs) return 'ignore'
    onStatus(origin, status.value)
    return 'accept'
  }

  /** Why the nodes do not agree, one sentence a reason; empty where they do (S3). */
  disagreements(): string[] {
    const { state, clock } = this.#init
    const nowMs = clock.monotonicMs()
    const mine = state.items.fingerprint()
    const reasons: string[] = []
    for (const member of state.members.all()) {
      const memberState = state.members.state(member, nowMs)
      if (memberState === 'gone') {
        const hearer = this.#whoHears(member.id)
        if (hearer !== undefined)
          reasons.push(`${nameOf(member.id)} is gone for this node, and heard by ${nameOf(hearer)}`)
        continue
      }
      const { status } = member
      if (status === undefined) reasons.push(`${nameOf(member.id)} has not told its status yet`)
      else if (!status.ready) reasons.push(`${status.name} is still syncing`)
      else if (status.mode === 'full' && !equalBytes(status.digest, mine))
        reasons.push(`the digest of ${status.name} differs`)
      for (const { node } of status?.verdicts ?? []) {
        const other = state.members.get(node)
        const heard = node === state.self || (other !== undefined && state.members.state(other, nowMs) === 'heard')
        if (heard) reasons.push(`${nameOf(node)} is gone for ${status?.name ?? member.id}, and heard by this node`)
      }
    }
    return reasons
  }

  /** Sets the gauges that describe state. */
  measure(): void {
    const { state, metrics, clock } = this.#init
    const { active, inactive, tombstones, graves } = state.counts
    metrics.gauge('entities', active, { status: 'active' })
    metrics.gauge('entities', inactive, { status: 'inactive' })
    metrics.gauge('tombstones', tombstones)
    metrics.gauge('graves', graves)
    metrics.gauge('audit_length', state.auditHead.number)
    metrics.gauge('cluster_converged', this.disagreements().length === 0 ? 1 : 0)
    const nowMs = clock.monotonicMs()
    const states = { heard: 0, suspect: 0, gone: 0 }
    for (const member of state.members.all()) {
      states[state.members.state(member, nowMs)]++
      const silentSeconds = (nowMs - member.heardMs) / 1000
      metrics.gauge('peer_last_seen_seconds', silentSeconds, { peer: member.id })
    }
    for (const [name, count] of Object.entries(states)) metrics.gauge('peers', count, { state: name })
  }

  #whoHears(node: NodeId): NodeId | undefined {
    const { state, clock } = this.#init
    const nowMs = clock.monotonicMs()
    for (const other of state.members.all()) {
      if (other.id === node || other.status === undefined || state.members.state(other, nowMs) === 'gone') continue
      if (!other.status.verdicts.some((verdict) => verdict.node === node)) return other.id
    }
    return undefined
  }

  #own(): NodeStatus {
    const { state, clock, mesh, settings, gossip, filterVersion, auditHead } = this.#init
    const nowMs = clock.monotonicMs()
    const clockMs = state.steady.at(nowMs)
    return {
      stamp: state.hybrid.issue(clockMs),
      clockMs: Math.max(0, Math.round(clockMs)),
      run: gossip.run,
      number: gossip.number,
      name: settings.name,
      url: settings.url,
      mode: settings.mode,
      version: settings.version,
      ready: state.ready,
      digest: state.items.fingerprint(),
      counts: state.counts,
      verdicts: state.members.verdicts(nowMs).slice(0, LIMITS.verdictsMax),
      addresses: mesh.addresses().slice(0, 32),
      audit: auditHead(),
      filterVersion: filterVersion(),
    }
  }
}

const nameOf = (node: NodeId): string => `node …${node.slice(-6)}`

import type { MessageVerdict, RegistryEvent, Topic } from '@rollcall/core'
import { type Delta, decodeTransitions, type NodeId, openEnvelope } from '@rollcall/protocol'
import type { SimNode } from './node/sim-node.ts'
import type { End, Watcher } from './node/watch.ts'
import type { Trace } from './trace.ts'

/** Writes what happens to the nodes into the trace. */
export class TraceWatcher implements Watcher {
  readonly #trace: Trace

  constructor(trace: Trace) {
    this.#trace = trace
  }

  started(node: SimNode): void {
    const size = node.runtime?.inside.state.holdings.size ?? 0
    this.#trace.line('up', node.name, `run ${node.run}, ${size} entries`)
  }

  ended(node: SimNode, { how, lostBatches }: End): void {
    this.#trace.line('down', node.name, how === 'stop' ? how : `${how}, ${lostBatches} batches lost`)
  }

  diskReplaced(node: SimNode, how: 'wiped' | 'restored'): void {
    this.#trace.line('fault', node.name, `disk ${how}`)
  }

  observed(node: SimNode, event: RegistryEvent): void {
    const { type, entityId, developerId, from, to, reason, attendant, stamp } = event
    const by = attendant === undefined ? '' : ` by ${this.#trace.of(attendant)}`
    this.#trace.line(
      'note',
      node.name,
      `${this.#trace.of(entityId ?? developerId ?? '')} ${type}: ${from} → ${to}, ${reason}${by} ${this.#short(stamp)}`,
    )
  }

  published(node: SimNode, topic: Topic, message: Uint8Array): void {
    this.#trace.line('pub', node.name, `${nameOf(topic)} ${message.length} bytes${this.#content(message)}`)
  }

  judged(node: SimNode, topic: Topic, _message: Uint8Array, from: NodeId, verdict: MessageVerdict): void {
    this.#trace.line('msg', node.name, `${nameOf(topic)} from ${this.#trace.of(from)}: ${verdict}`)
  }

  logged(node: SimNode, level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    const told = Object.entries(fields).map(([key, value]) => `${key}=${this.#trace.of(textOf(value))}`)
    this.#trace.line('warn', node.name, `${level}: ${message} ${told.join(' ')}`)
  }

  #content(message: Uint8Array): string {
    const envelope = openEnvelope(message)
    if (!envelope.ok || envelope.value.type !== 'transitions') return ''
    const transitions = decodeTransitions(envelope.value.payload)
    if (!transitions.ok) return ''
    return `, number ${transitions.value.number}: ${transitions.value.deltas.map((delta) => this.#delta(delta)).join(', ')}`
  }

  #delta(delta: Delta): string {
    const presence = delta.kind === 'record' || delta.kind === 'presence' ? delta.presence : undefined
    const life = presence === undefined ? '' : ` ${presence.status} (${presence.cause})`
    return `${this.#trace.of(delta.id)} ${delta.kind}${life}`
  }

  /** A stamp with the name of its node. */
  #short(stamp: string | undefined): string {
    const [wallMs, counter, node = ''] = stamp?.split('.') ?? []
    return wallMs === undefined ? '' : `${wallMs}.${counter}.${this.#trace.of(node)}`
  }
}

const nameOf = (topic: Topic): string => (topic === 'rollcall/status/1' ? 'status' : 'transitions')

const textOf = (value: unknown): string =>
  typeof value === 'object' && !(value instanceof Error) ? JSON.stringify(value) : String(value)

import type { Mesh, MeshHandlers, MeshProtocol, MessageVerdict, Topic } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'

/** A mesh under test with handlers that write down what happened and do what the test says. */
export interface ComplianceNode {
  readonly mesh: Mesh
  readonly handlers: MeshHandlers
  /** Every message handed to the validator, whatever it answered. */
  readonly received: readonly { readonly topic: Topic; readonly text: string; readonly from: NodeId }[]
  /** Peers told as connected and not yet as disconnected. */
  readonly connected: ReadonlySet<NodeId>
  /** Every `onPeerConnected`, in order. */
  readonly connections: readonly NodeId[]
  judge: (text: string) => MessageVerdict
  answer: MeshHandlers['onRequest']
  publish(topic: Topic, text: string): void
  has(text: string): boolean
  count(text: string): number
  dropped(reason: string): number
}

/** Wraps a mesh for a test: accepts every message and echoes every request until told otherwise. */
export const complianceNode = (made: { readonly mesh: Mesh; dropped(reason: string): number }): ComplianceNode => {
  const received: { topic: Topic; text: string; from: NodeId }[] = []
  const connected = new Set<NodeId>()
  const connections: NodeId[] = []
  const node: ComplianceNode = {
    mesh: made.mesh,
    received,
    connected,
    connections,
    judge: () => 'accept',
    answer: async (_protocol: MeshProtocol, body: Uint8Array) => body,
    handlers: {
      async onMessage(topic, message, from) {
        const text = textOf(message)
        received.push({ topic, text, from })
        return node.judge(text)
      },
      onRequest: (protocol, body, from) => node.answer(protocol, body, from),
      onPeerConnected(peer) {
        connections.push(peer)
        connected.add(peer)
      },
      onPeerDisconnected(peer) {
        connected.delete(peer)
      },
    },
    publish: (topic, text) => made.mesh.publish(topic, new TextEncoder().encode(text)),
    has: (text) => received.some((message) => message.text === text),
    count: (text) => received.filter((message) => message.text === text).length,
    dropped: (reason) => made.dropped(reason),
  }
  return node
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

/** Rules broken between a node and its peers. */
import { type Mesh, MeshError, type MeshHandlers } from '@rollcall/core'
import type { Mutation } from './mutation.ts'

const wrap = (mesh: Mesh, changes: Partial<Mesh>): Mesh => ({
  nodeId: mesh.nodeId,
  start: (handlers) => mesh.start(handlers),
  publish: (topic, message) => mesh.publish(topic, message),
  request: (peer, protocol, body, options) => mesh.request(peer, protocol, body, options),
  connectedPeers: () => mesh.connectedPeers(),
  addresses: () => mesh.addresses(),
  learn: (peer, addresses) => mesh.learn(peer, addresses),
  stop: () => mesh.stop(),
  ...changes,
})

export const deafNode: Mutation = {
  name: 'deaf node',
  breaks: 'One node hears no transitions and takes part in no sync.',
  caughtBy: 'equal-state',
  seed: '1',
  mesh: (mesh, node) => {
    if (node.index > 0) return mesh
    const deaf = (handlers: MeshHandlers): MeshHandlers => ({
      ...handlers,
      onMessage: async (topic, message, from) =>
        topic === 'rollcall/transitions/1' ? 'ignore' : handlers.onMessage(topic, message, from),
      onRequest: async (protocol, body, from) => {
        if (protocol === '/rollcall/sync/1') throw new Error('deaf')
        return handlers.onRequest(protocol, body, from)
      },
    })
    return wrap(mesh, {
      start: (handlers) => mesh.start(deaf(handlers)),
      request: (peer, protocol, body, options) =>
        protocol === '/rollcall/filter/1'
          ? mesh.request(peer, protocol, body, options)
          : Promise.reject(new MeshError('unreachable', 'deaf')),
    })
  },
}

export const credulousNode: Mutation = {
  name: 'credulous node',
  breaks: 'One node takes every signature for a true one.',
  caughtBy: 'evidence',
  seed: '1',
  plan: { profile: 'fast', faults: { byzantinePeers: 1, lieEveryMs: 2_000, lies: ['forgedWord', 'falseTombstone'] } },
  verifier: (verifier, node) => (node.index > 0 ? verifier : { verify: () => Promise.resolve(true) }),
}

export const MESSAGE_MUTATIONS: readonly Mutation[] = [deafNode, credulousNode]

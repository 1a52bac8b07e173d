import { type Component, multiaddr } from '@multiformats/multiaddr'
import { type NodeId, parseNodeId } from '@rollcall/protocol'

/** An address this mesh can dial. */
export interface PeerAddress {
  /** The multiaddr without `/p2p/<id>`. */
  readonly bare: string
  /** The id it ends with, where it has one. */
  readonly peer: NodeId | undefined
  /** It names a host by name, so what answers there may change. */
  readonly byName: boolean
}

/** `text` as an address to dial, or why it is none. */
export const parseAddress = (text: string): PeerAddress | { readonly problem: string } => {
  let parts: readonly Component[]
  try {
    parts = multiaddr(text).getComponents()
  } catch (error) {
    return { problem: `${text} is no multiaddr: ${error instanceof Error ? error.message : error}` }
  }
  const last = parts.at(-1)
  const hasId = last?.name === 'p2p'
  const bareParts = hasId ? parts.slice(0, -1) : parts
  const transport = bareParts.at(-1)?.name
  if ((transport !== 'ws' && transport !== 'wss') || bareParts.some(({ name }) => name === 'p2p')) {
    return { problem: `${text} is no WebSocket address such as /dns4/node-a/tcp/9001/ws` }
  }
  const peer = hasId ? parseNodeId(last.value ?? '') : undefined
  if (hasId && peer === undefined) return { problem: `${text} ends with an id that is not a node's (12D3KooW…)` }
  return {
    bare: hasId ? text.replace(/\/(p2p|ipfs)\/[^/]+\/?$/, '') : text,
    peer,
    byName: bareParts[0]?.name.startsWith('dns') ?? false,
  }
}

/** `addresses` of one peer that can be dialled, without id, without repeats, in order. */
export const bareAddressesOf = (peer: NodeId, addresses: readonly string[]): readonly string[] => {
  const bare = addresses.flatMap((text) => {
    const address = parseAddress(text)
    if ('problem' in address || (address.peer !== undefined && address.peer !== peer)) return []
    return [address.bare]
  })
  return [...new Set(bare)]
}

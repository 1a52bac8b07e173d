import './shims.ts'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { preSharedKey } from '@libp2p/pnet'
import type { Clock, Log, Metrics, Random } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import { type PeerAddress, parseAddress } from './addresses.ts'
import { connectionsTo } from './connections.ts'
import { dialOver } from './dial.ts'
import { Dialer, type DialerInit } from './dialer.ts'
import { connectionGater } from './gater.ts'
import { createMeshNode, type MeshNode } from './libp2p-node.ts'
import { LibP2pMesh } from './mesh.ts'
import { DEFAULT_LIMITS, type MeshLimits, RECEIVED_MESSAGE_BYTES_MAX } from './settings.ts'

export interface MeshInit {
  /** Seed of the node's Ed25519 key, 32 bytes. The node id follows from it. */
  readonly privateKeySeed: Uint8Array
  /** Multiaddrs to listen on, `/ip4/0.0.0.0/tcp/9001/ws`. Empty: this node only dials. */
  readonly listen: readonly string[]
  /** Multiaddrs to be dialled at, in place of those listened on. Empty: those listened on, of every interface. */
  readonly announce: readonly string[]
  /** Multiaddrs to dial for ever, with or without `/p2p/<id>`. One that is this node itself is left out quietly. */
  readonly join: readonly string[]
  /** Contents of a pre-shared key file. Whoever lacks the key cannot connect, and learns nothing but that. */
  readonly psk?: Uint8Array
  /** Ids of the nodes that may connect and be dialled. Empty: all. */
  readonly allowPeers: readonly string[]
  readonly limits?: Partial<MeshLimits>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * A mesh node on libp2p, not yet started.
 *
 * @throws Error with a sentence naming the setting, for a seed, address, id, key or limit that is none.
 */
export const createMesh = async (init: MeshInit): Promise<LibP2pMesh> => {
  if (init.privateKeySeed.byteLength !== 32) {
    throw new Error(`a private key seed has 32 bytes, this one ${init.privateKeySeed.byteLength}`)
  }
  const limits = limitsOf(init.limits)
  const allowPeers = new Set(init.allowPeers.map(requireNodeId))
  const join = init.join.map((text) => requireAddress('join', text))
  for (const text of init.listen) requireAddress('listen', text)
  for (const text of init.announce) requireAddress('announce', text)
  requirePsk(init.psk)

  // Not privateKeyFromRaw: given 32 bytes it makes a secp256k1 key without a word.
  const privateKey = await generateKeyPairFromSeed('Ed25519', init.privateKeySeed)
  const nodeId = requireNodeId(peerIdFromPrivateKey(privateKey).toString())
  const { clock, random, log, metrics } = init
  const dial: DialerInit['dial'] = (addresses, peer) => dialOver(node, clock)(addresses, peer)
  const dialer = new Dialer({ self: nodeId, clock, random, log, metrics, limits, dial }, join)
  const gater = connectionGater({
    allowPeers,
    isConnected: (peer) => connectionsTo(node, peer).length > 0,
    onAnswer: (address, peer) => dialer.answered(address, peer),
  })
  const { listen, announce, psk } = init
  const node: MeshNode = await createMeshNode({ privateKey, listen, announce, psk, gater, limits, log })
  const ownAddresses = [...listen, ...announce]
  return new LibP2pMesh({ nodeId, node, dialer, ownAddresses, allowPeers, limits, clock, log, metrics })
}

const limitsOf = (limits: Partial<MeshLimits> = {}): MeshLimits => {
  const all = { ...DEFAULT_LIMITS, ...limits }
  for (const [name, value] of Object.entries(all)) {
    if (!Number.isSafeInteger(value) || value < 1) throw new Error(`the limit ${name} is ${value}, not a whole number`)
  }
  if (all.messageBytesMax > RECEIVED_MESSAGE_BYTES_MAX) {
    throw new Error(`the limit messageBytesMax is over ${RECEIVED_MESSAGE_BYTES_MAX}, which every peer would reject`)
  }
  return all
}

const requireNodeId = (text: string): NodeId => {
  const id = parseNodeId(text)
  if (id === undefined) throw new Error(`${text} is no node id (12D3KooW…)`)
  return id
}

const requireAddress = (setting: string, text: string): PeerAddress => {
  const address = parseAddress(text)
  if ('problem' in address) throw new Error(`mesh ${setting}: ${address.problem}`)
  return address
}

const requirePsk = (psk: Uint8Array | undefined): void => {
  if (psk === undefined) return
  try {
    preSharedKey({ psk })()
  } catch (cause) {
    const shape = '/key/swarm/psk/1.0.0/, /base16/ and 64 hexadecimal digits, a line each'
    throw new Error(`the pre-shared key is not one: it needs ${shape}`, { cause })
  }
}

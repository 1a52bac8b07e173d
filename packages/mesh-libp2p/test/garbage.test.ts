import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, it } from 'node:test'
import { MESH_PROTOCOLS } from '@rollcall/core'
import { SeededRandom } from '@rollcall/testkit'
import { WebSocket } from 'ws'
import '../src/shims.ts'
import type { Stream } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { webSocketTransport } from '../src/ws-transport.ts'
import { Nodes, seed, type TestNode, until } from './support.ts'

const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: node',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  '',
  '',
].join('\r\n')

const PROTOCOLS = [...MESH_PROTOCOLS, '/meshsub/1.2.0', '/ipfs/id/1.0.0', '/ipfs/id/push/1.0.0', '/ipfs/ping/1.0.0']

const nodes = new Nodes()
const random = new SeededRandom('garbage')
afterEach(() => nodes.stopAll())

const portOf = (node: TestNode): number => Number(/tcp\/(\d+)/.exec(node.mesh.addresses()[0] ?? '')?.[1])

/** After whatever was done to it, a node still takes an honest peer. The runner fails a test for anything uncaught. */
const stillServes = async (node: TestNode): Promise<void> => {
  const honest = await nodes.start({ privateKeySeed: seed(200), join: [node.mesh.addresses()[0] ?? ''] })
  await until('an honest peer connects', () => node.connected.size === 1)
  const answer = await honest.mesh.request(node.mesh.nodeId, MESH_PROTOCOLS[0], Uint8Array.of(1), {
    timeoutMs: 5_000,
    maxResponseBytes: 10,
  })
  assert.deepEqual(answer, Uint8Array.of(1))
}

describe('garbage from a stranger does not hurt a node', () => {
  it('as bytes on the bare socket', async () => {
    const node = await nodes.start({ privateKeySeed: seed(201) })
    for (let i = 0; i < 30; i++) {
      const socket = connect(portOf(node), '127.0.0.1')
      socket.on('error', () => undefined)
      await once(socket, 'connect')
      if (i % 3 === 0) socket.write(Buffer.concat([Buffer.from('GET '), random.bytes(random.below(200))]))
      if (i % 3 === 1) socket.write(random.bytes(1 + random.below(200)))
      if (i % 2 === 0) socket.resetAndDestroy()
      else socket.end()
    }
    await stillServes(node)
  })

  it('as WebSocket frames that break the rules: stock libp2p ends the process', async () => {
    const node = await nodes.start({ privateKeySeed: seed(202) })
    for (const frame of [
      [0xff, 0x80, 0, 0, 0, 0],
      [0x82, 0x01, 0x00],
      [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xff],
      [0x88, 0x81, 0, 0, 0, 0, 1],
      [0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ]) {
      const socket = connect(portOf(node), '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write(UPGRADE)
      await once(socket, 'data')
      socket.write(Uint8Array.from(frame))
      await once(socket, 'close')
    }
    await stillServes(node)
  })

  it('as WebSocket messages that are no handshake', async () => {
    const node = await nodes.start({ privateKeySeed: seed(203) })
    for (let i = 0; i < 20; i++) {
      const socket = new WebSocket(`ws://127.0.0.1:${portOf(node)}`)
      socket.on('error', () => undefined)
      await once(socket, 'open')
      if (i % 2 === 0) socket.send(Buffer.from('\u0013/multistream/1.0.0\n\u0007/noise\n', 'latin1'))
      socket.send(i % 3 === 0 ? 'text' : random.bytes(random.below(400)))
      if (i % 4 === 0) socket.terminate()
    }
    await stillServes(node)
  })

  it('as a peer that has shaken hands: on every protocol, and below them', async () => {
    const node = await nodes.start({ privateKeySeed: seed(204) })
    for (let i = 0; i < 12; i++) {
      const below = yamux()
      const attacker = await createLibp2p({
        transports: [webSocketTransport({ hasPsk: false })],
        connectionEncrypters: [noise()],
        streamMuxers: [
          () => {
            const factory = below()
            const create = factory.createStreamMuxer.bind(factory)
            factory.createStreamMuxer = (connection) => {
              if (i % 4 === 3) connection.send(random.bytes(200))
              return create(connection)
            }
            return factory
          },
        ],
      })
      const connection = await attacker.dial(multiaddr(node.mesh.addresses()[0] ?? ''))
      await Promise.allSettled(PROTOCOLS.map(async (protocol) => abuse(await connection.newStream(protocol), i)))
      if (i % 2 === 0) connection.abort(new Error('rude'))
      await attacker.stop()
    }
    await until('they are gone, the aborted ones at once', () => node.mesh.connectedPeers().length === 0, 2_000)
    await stillServes(node)
  })
})

const abuse = (stream: Stream, round: number): void => {
  const claims64MiB = Uint8Array.of(0x80, 0x80, 0x80, 0x20)
  stream.send(round % 2 === 0 ? random.bytes(1 + random.below(5_000)) : claims64MiB)
  if (round % 3 === 0) stream.abort(new Error('rude'))
}

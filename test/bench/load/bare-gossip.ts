/** The rival of `propagation`: processes joined by the same mesh, and nothing but messages between them. */
import type { Log, Metrics } from '@rollcall/core'
import { createMesh, type LibP2pMesh } from '@rollcall/mesh-libp2p'
import { SystemClock, SystemRandom } from '@rollcall/node'

export type GossipCommand =
  | { readonly type: 'start'; readonly listen: string; readonly join: readonly string[] }
  | { readonly type: 'state' }
  | { readonly type: 'publish'; readonly number: number; readonly bytes: number }
  | { readonly type: 'received' }

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => log,
}
const metrics: Metrics = { count: () => undefined, gauge: () => undefined, observe: () => undefined }

const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6

let mesh: LibP2pMesh | undefined
const atMs: Record<string, number> = {}

const start = async (listen: string, join: readonly string[]): Promise<object> => {
  const privateKeySeed = crypto.getRandomValues(new Uint8Array(32))
  const ports = { clock: new SystemClock(), random: new SystemRandom(), log, metrics }
  mesh = await createMesh({ ...ports, privateKeySeed, listen: [listen], announce: [], join, allowPeers: [] })
  await mesh.start({
    onMessage: async (_topic, message) => {
      atMs[String(new DataView(message.buffer, message.byteOffset).getUint32(0))] = machineMs()
      return 'accept'
    },
    onRequest: async () => new Uint8Array(),
    onPeerConnected: () => undefined,
    onPeerDisconnected: () => undefined,
  })
  return {}
}

const publish = (number: number, bytes: number): object => {
  const message = crypto.getRandomValues(new Uint8Array(bytes))
  new DataView(message.buffer).setUint32(0, number)
  const publishedMs = machineMs()
  mesh?.publish('rollcall/transitions/1', message)
  return { publishedMs }
}

const obey = async (command: GossipCommand): Promise<object> => {
  switch (command.type) {
    case 'start':
      return start(command.listen, command.join)
    case 'state':
      return { connected: mesh?.connectedPeers().length ?? 0 }
    case 'publish':
      return publish(command.number, command.bytes)
    case 'received':
      return { atMs }
  }
}

process.on('message', (command: GossipCommand) => {
  obey(command).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

/**
 * A mesh in a process of its own, for tests that kill it. Reads its settings as JSON from the first argument and tells what
 * happens as lines of JSON on standard output. Each line on standard input is published; `stop` ends it.
 */
import { createInterface } from 'node:readline'
import { createMesh } from '@rollcall/mesh-libp2p'
import { silentLog, systemClock, systemRandom } from './support.ts'

const settings: { seed: number; listen: string[]; join: string[] } = JSON.parse(process.argv[2] ?? '')
const tell = (event: string, value: unknown): void => {
  process.stdout.write(`${JSON.stringify({ event, value })}\n`)
}

const mesh = await createMesh({
  privateKeySeed: new Uint8Array(32).fill(settings.seed),
  listen: settings.listen,
  announce: [],
  join: settings.join,
  allowPeers: [],
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  metrics: { count: () => undefined, gauge: () => undefined, observe: () => undefined },
})
await mesh.start({
  async onMessage(_topic, message) {
    tell('message', new TextDecoder().decode(message))
    return 'accept'
  },
  onRequest: async (_protocol, body) => body,
  onPeerConnected: (peer) => tell('connected', peer),
  onPeerDisconnected: (peer) => tell('disconnected', peer),
})
tell('listening', mesh.addresses())

const lines = createInterface({ input: process.stdin })
for await (const line of lines) {
  if (line === 'stop') break
  mesh.publish('rollcall/transitions/1', new TextEncoder().encode(line))
}
lines.close()
process.stdin.unref()
await mesh.stop()
tell('stopped', performance.now())

/**
 * The clients of one side of a split: every kind of change over HTTP and WebSocket, in the proportions of a busy day
 * (`kindOfChange`), spread evenly over a time. Agents that became active beat on until the process ends.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { HeartbeatSession, RollcallClient } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { entityIdOf } from '@rollcall/protocol'
import { kindOfChange } from '@rollcall/simulator'
import { inParallel } from '../../e2e/support/crowd.ts'
import { within } from '../../e2e/support/wait.ts'
import { entitySigner, otherSummary, profile } from '../seed/entity.ts'

export interface ChangeSide {
  /** HTTP addresses of the nodes of this side; they take turns. */
  readonly registries: readonly string[]
  /** Of two sides one is 0 and the other 1: what one changes the other does not. */
  readonly side: number
  readonly changes: number
  /** How many entities all nodes hold, numbered from 0; each side changes some that are spread over the whole. */
  readonly entities: number
  readonly forMs: number
}

/** Changes under way at one time: a node that stalls is not buried. */
const CONCURRENCY = 64

const change = async (of: ChangeSide, at: number): Promise<void> => {
  const { side, changes, entities } = of
  const registry = of.registries[Math.floor(at / 10) % of.registries.length]
  if (registry === undefined) throw new Error('a side has nodes')
  const kind = kindOfChange(at)
  const number = kind === 'register' ? entities + 2 * at + side : at * Math.floor(entities / changes) + side
  const signer = entitySigner(number)
  const id = entityIdOf('agent', signer.publicKey)
  const client = new RollcallClient({ registries: [registry], signer })
  if (kind === 'register') await client.register(profile(number, signer))
  else if (kind === 'update') await client.update(id, otherSummary(number))
  else if (kind === 'deregister') await client.deregister(id)
  else await activate(registry, signer)
}

const activate = async (registry: string, signer: ReturnType<typeof entitySigner>): Promise<void> => {
  const session = new HeartbeatSession({ registries: [registry], entities: [{ signer }], WebSocket: nodeWebSocket })
  const acked = new Promise((resolve) => session.on('acked', resolve))
  session.start()
  await within(30_000, 'a first beat', acked)
}

const changeAll = async (of: ChangeSide): Promise<void> => {
  const startedMs = performance.now()
  const numbers = Array.from({ length: of.changes }, (_, at) => at)
  await inParallel(numbers, CONCURRENCY, async (at) => {
    await pause(Math.max(0, startedMs + (of.forMs * at) / of.changes - performance.now()))
    await change(of, at)
  })
}

process.on('message', (of: ChangeSide) => {
  changeAll(of).then(
    () => process.send?.({ answer: {} }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

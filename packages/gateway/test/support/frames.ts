/** Frames as clients send them. Nothing verifies them here, so every signature is the same. */
import type { EntityId } from '@rollcall/protocol'
import { SIGNATURE } from './harness.ts'
import { SocketClient } from './socket-client.ts'

export const zyndBeat = (timestamp = '2026-09-21T14:13:20Z') => ({ timestamp, signature: SIGNATURE })

export const documentedBeat = (agent_id: EntityId | string, timestamp: number | string = 1_790_000_000) => ({
  type: 'heartbeat',
  agent_id,
  timestamp,
  signature: SIGNATURE,
})

export const nativeBeat = (entity_id: EntityId, timestamp_ms = 1_790_000_000_000) => ({
  type: 'heartbeat',
  entity_id,
  timestamp_ms,
  signature: SIGNATURE,
})

export const hello = (...entities: readonly EntityId[]) => ({ type: 'hello', entities, protocol: 1, client: 'test' })

/** A native session that was welcomed. */
export const openNative = async (ws: string, ...entities: readonly EntityId[]): Promise<SocketClient> => {
  const client = await SocketClient.open(`${ws}/v1/session`)
  await client.next()
  client.send(hello(...entities))
  const welcome = await client.next()
  if (welcome.type !== 'welcome') throw new Error(`no welcome but ${JSON.stringify(welcome)}`)
  return client
}

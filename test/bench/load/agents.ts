/** Agents as people run them: the SDK, a socket each, at the interval that the node asks for. */
import { HeartbeatSession } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { agentsCalled } from '../../e2e/support/crowd.ts'
import { until } from '../../e2e/support/wait.ts'
import { answer } from './other-process.ts'

export interface AgentsInput {
  readonly url: string
  /** The agents of this name, numbered; registered before. */
  readonly prefix: string
  readonly count: number
  readonly seconds: number
}

export interface AgentsOutput {
  /** Beats acknowledged within the time. */
  readonly acknowledged: number
  /** Beats that were refused, and connections lost: each is a beat that was not acknowledged. */
  readonly failed: number
  /** Fewest beats of one agent. */
  readonly fewest: number
  /** Longest time between two acknowledgements of one agent, milliseconds. */
  readonly longestGapMs: number
}

answer(async ({ url, prefix, count, seconds }: AgentsInput): Promise<AgentsOutput> => {
  const acks = new Map<string, number[]>()
  let failed = 0
  const sessions = agentsCalled(prefix, count).map((agent) => {
    const session = new HeartbeatSession({ registries: [url], entities: [agent], WebSocket: nodeWebSocket })
    session.on('acked', ({ entityId }) => acks.set(entityId, [...(acks.get(entityId) ?? []), performance.now()]))
    session.on('error', () => failed++)
    session.on('closed', () => failed++)
    session.start()
    return session
  })
  const startedMs = performance.now()
  await until((seconds + 10) * 1_000, 'the time', async () => performance.now() - startedMs >= seconds * 1_000)
  await Promise.all(sessions.map((session) => session.stop({ goodbye: false })))
  const times = [...acks.values()]
  const gapsMs = times.flatMap((list) => list.slice(1).map((ms, at) => ms - (list[at] ?? ms)))
  return {
    acknowledged: times.reduce((sum, list) => sum + list.length, 0),
    failed: failed + (count - times.length),
    fewest: Math.min(...times.map((list) => list.length)),
    longestGapMs: Math.max(0, ...gapsMs),
  }
})

/** How missing messages are asked of their origin (G4). */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Log, Mesh } from '@rollcall/core'
import { LIMITS, nodeIdOf } from '@rollcall/protocol'
import { Repair } from '../src/repair.ts'

const origin = nodeIdOf(new Uint8Array(32).fill(1))
const RUN = 7
const quiet: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => quiet,
}

const never = (): never => {
  throw new Error('not in this test')
}

/** A node that misses messages of another, which keeps `kept`, by number. */
const missing = (kept: ReadonlyMap<number, Uint8Array>) => {
  const answers: Uint8Array[] = []
  const received: Uint8Array[] = []
  const synced: string[] = []
  const request = async (_peer: string, _protocol: string, body: Uint8Array): Promise<Uint8Array> => {
    const answer = server.answer(body)
    answers.push(answer)
    return answer
  }
  const mesh = { connectedPeers: () => [origin], request } as unknown as Mesh
  const receive = async (message: Uint8Array): Promise<'accept'> => {
    received.push(message)
    return 'accept'
  }
  const sync = async (peer: string): Promise<boolean> => synced.push(peer) > 0
  const server = new Repair({
    mesh,
    log: quiet,
    receive: never,
    sync: never,
    *sealed(run, from, to) {
      assert.equal(run, RUN)
      for (let number = from; number <= to; number++) {
        const message = kept.get(number)
        if (message === undefined) return
        yield message
      }
    },
  })
  const repair = new Repair({ mesh, log: quiet, sealed: never, receive, sync })
  return { repair, answers, received, synced }
}

const messages = (from: number, to: number, bytes: number): Map<number, Uint8Array> =>
  new Map(Array.from({ length: to - from + 1 }, (_, at) => [from + at, new Uint8Array(bytes).fill(at)]))

test('G4, S2: missing messages come in answers of bounded size, each once and in order, and no sync is needed', async () => {
  const kept = messages(1, 100, 10_000)
  const { repair, answers, received, synced } = missing(kept)
  await repair.request(origin, RUN, 1, 100)
  assert.deepEqual(received, [...kept.values()])
  assert.equal(answers.length, 4)
  assert.ok(answers.every(({ length }) => length <= 257 * 1024))
  assert.deepEqual(synced, [])
})

test('G4: a message as long as any comes, too', async () => {
  const kept = messages(1, 2, LIMITS.gossipBytesMax)
  const { repair, received, synced } = missing(kept)
  await repair.request(origin, RUN, 1, 2)
  assert.deepEqual(received, [...kept.values()])
  assert.deepEqual(synced, [])
})

test('G4, S1: what the origin keeps no more is left to a sync, and so is a wide gap, of which no message is asked', async () => {
  const forgotten = missing(messages(5, 10, 100))
  await forgotten.repair.request(origin, RUN, 1, 10)
  assert.deepEqual([forgotten.received.length, forgotten.synced], [0, [origin]])

  const wide = missing(messages(1, 1_000, 100))
  await wide.repair.request(origin, RUN, 1, LIMITS.repairRangeMax + 1)
  assert.deepEqual([wide.answers.length, wide.received.length, wide.synced], [0, 0, [origin]])
  await wide.repair.request(origin, RUN, 1, LIMITS.repairRangeMax)
  assert.deepEqual([wide.received.length, wide.synced], [LIMITS.repairRangeMax, [origin]])
})

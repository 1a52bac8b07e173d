import type { EntityView } from '@rollcall/core'
import type { Act, EntityId, Result, Stamp } from '@rollcall/protocol'
import type { Lost, SimNode } from '../node/sim-node.ts'

/** What an act came to: where its effect stands in the order of the owner's acts (M2), and the stamp that was written. */
export interface Written {
  readonly owner: Stamp
  readonly written: Stamp
}

/** Hands an act to a node as an HTTP request would, whoever it is that does so. */
export const handIn = (node: SimNode, id: EntityId, act: Act): Promise<Result<Written> | Lost> => {
  switch (act.kind) {
    case 'register':
      return node.call(async (registry) => writtenRecord(await registry.register(act, CONTEXT)))
    case 'update':
      return node.call(async (registry) => writtenRecord(await registry.update(id, act, CONTEXT)))
    case 'deregister':
      return node.call(async (registry) => {
        const answer = await registry.deregister(id, act, CONTEXT)
        return answer.ok ? { ok: true, value: { owner: answer.value.stamp, written: answer.value.stamp } } : answer
      })
    default:
      throw new Error(`the owner of an entity hands in no ${act.kind}`)
  }
}

const CONTEXT = { requestId: 'act', address: '10.0.0.1' }

const writtenRecord = (answer: Result<EntityView>): Result<Written> =>
  answer.ok ? { ok: true, value: { owner: answer.value.record.birth, written: answer.value.record.stamp } } : answer

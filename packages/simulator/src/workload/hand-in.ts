/** Acts on their way to a node, as HTTP requests would be, and what becomes of them. */
import { type DeveloperView, type EntityView, liveRecord } from '@rollcall/core'
import { type Act, compareStamps, type EntityId, isDeveloperId, ok, type Result, type Stamp } from '@rollcall/protocol'
import { entryOn } from '../ledger.ts'
import { LOST, type Lost, type SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'

/** `unknown`: the node ended, or did not answer in time; whether it was written, nobody told. */
export type ActOutcome = 'ok' | 'unknown' | 'refused'

/** What an act came to: where its effect stands in the order of the owner's acts (M2), and the stamp that was written. */
export interface Written {
  readonly owner: Stamp
  readonly written: Stamp
}

const CONTEXT = { requestId: 'act', address: '10.0.0.1' }

/** Hands an act to a node, whoever it is that does so. */
export const handIn = (node: SimNode, id: EntityId, act: Act): Promise<Result<Written> | Lost> =>
  node.call(async (registry) => {
    switch (act.kind) {
      case 'register':
        return writtenRecord(await registry.register(act, CONTEXT))
      case 'update':
        return writtenRecord(await registry.update(id, act, CONTEXT))
      case 'bind_name':
      case 'release_name':
        return writtenRecord(await registry.nameAct(id, act, CONTEXT))
      case 'deregister':
        return writtenDeath(await registry.deregister(id, act, CONTEXT))
      case 'deregister_developer':
        return writtenDeath(await registry.deregisterDeveloper(developerId(id), act, CONTEXT))
      default:
        return writtenDeveloper(await registry.developerAct(developerId(id), act, CONTEXT))
    }
  })

/** An act of an owner: handed in, and written into the ledger when it was acknowledged. */
export const ask = async (
  world: World,
  of: { readonly node: SimNode; readonly id: EntityId; readonly act: Act; readonly name: string },
): Promise<ActOutcome> => {
  const { node, id, act, name } = of
  const { tally, trace, ledger } = world
  ledger.handed(id, act)
  const askedMs = world.nowMs()
  const before = entryOn(node, id)
  const held = before === undefined ? undefined : liveRecord(before)?.stamp
  const answer = await handIn(node, id, act)
  const outcome = outcomeOf(answer)
  tally.deed(`${act.kind}_${outcome}`)
  if (trace.isOn) {
    const told = answer === LOST ? 'no answer' : answer.ok ? 'ok' : `${answer.code} (${answer.message})`
    trace.line('act', node.name, `${name} ${act.kind} ${act.form} by ${act.by}: ${told}`)
  }
  if (answer !== LOST && answer.ok) {
    const isRepeat = held !== undefined && compareStamps(held, answer.value.written) === 0
    ledger.acknowledged({ ...answer.value, kind: act.kind, id, node, askedMs, isRepeat })
  }
  return outcome
}

const developerId = (id: EntityId) => {
  if (!isDeveloperId(id)) throw new Error(`${id} is no developer`)
  return id
}

const writtenRecord = (answer: Result<EntityView>): Result<Written> =>
  answer.ok ? ok({ owner: answer.value.record.birth, written: answer.value.record.stamp }) : answer

const writtenDeath = (answer: Result<{ readonly stamp: Stamp }>): Result<Written> =>
  answer.ok ? ok({ owner: answer.value.stamp, written: answer.value.stamp }) : answer

const writtenDeveloper = (answer: Result<DeveloperView>): Result<Written> => {
  if (!answer.ok) return answer
  const { record, stamp, since } = answer.value
  return ok({ owner: record?.birth ?? since, written: record?.stamp ?? stamp })
}

const outcomeOf = (answer: Result<unknown> | Lost): ActOutcome => {
  if (answer === LOST) return 'unknown'
  if (answer.ok) return 'ok'
  return answer.code === 'timeout' ? 'unknown' : 'refused'
}

/** What the owner of an entity asks of nodes, and writes into the ledger when it was acknowledged. */
import type { EntityView } from '@rollcall/core'
import type { Act, Result, Stamp } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick } from '../chance.ts'
import { LOST, type Lost, type SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Agent } from './agent.ts'
import { drawWords } from './words.ts'

/** `unknown`: the node ended, or did not answer in time; whether it was written, nobody told. */
export type ActOutcome = 'ok' | 'unknown' | 'refused'

export interface PastAct {
  readonly act: Act
  readonly atMs: number
}

const CONTEXT = { requestId: 'act', address: '10.0.0.1' }

export class Owner {
  readonly agent: Agent
  readonly #world: World
  readonly #random: SeededRandom
  /** Native acts of the past, which a liar may hand in again. */
  readonly past: PastAct[] = []

  constructor(world: World, agent: Agent, random: SeededRandom) {
    this.#world = world
    this.agent = agent
    this.#random = random
  }

  register(node: SimNode): Promise<ActOutcome> {
    const fields = { summary: drawWords(this.#random, 2).join(' '), tags: drawWords(this.#random, 2) }
    return this.hand(node, this.agent.registration(this.#world.trueMs(), fields))
  }

  update(node: SimNode): Promise<ActOutcome> {
    const fields = pick(this.#random, [
      { summary: drawWords(this.#random, 3).join(' ') },
      { tags: drawWords(this.#random, 2), category: drawWords(this.#random, 1)[0] ?? '' },
      { name: `${this.agent.name} ${drawWords(this.#random, 1)[0]}` },
    ])
    return this.hand(node, this.agent.update(this.#world.trueMs(), fields, this.#signedBy()))
  }

  deregister(node: SimNode): Promise<ActOutcome> {
    return this.hand(node, this.agent.deregistration(this.#world.trueMs(), this.#signedBy()))
  }

  /** Hands an act to a node; where the answer stays away, the same act to another, as a client library does. */
  async hand(node: SimNode, act: Act, triesLeft = 1): Promise<ActOutcome> {
    const outcome = await this.#ask(node, act)
    if (outcome !== 'unknown' || triesLeft === 0) return outcome
    return this.hand(pick(this.#random, this.#world.nodes), act, triesLeft - 1)
  }

  /** Hands in an old act again; whatever comes of it is not the owner's. */
  async replay(node: SimNode, { act }: PastAct): Promise<ActOutcome> {
    const answer = await this.#call(node, act)
    return outcomeOf(answer)
  }

  async #ask(node: SimNode, act: Act): Promise<ActOutcome> {
    const { tally, trace, ledger } = this.#world
    if (act.form === 'native') this.past.push({ act, atMs: this.#world.nowMs() })
    const askedMs = this.#world.nowMs()
    const answer = await this.#call(node, act)
    const outcome = outcomeOf(answer)
    tally.deed(`${act.kind}_${outcome}`)
    if (trace.isOn) {
      const told = answer === LOST ? 'no answer' : answer.ok ? 'ok' : `${answer.code} (${answer.message})`
      trace.line('act', node.name, `${this.agent.name} ${act.kind} ${act.form} by ${act.by}: ${told}`)
    }
    if (answer !== LOST && answer.ok) {
      ledger.acknowledged({ ...answer.value, kind: act.kind, id: this.agent.id, node, askedMs })
    }
    return outcome
  }

  #call(node: SimNode, act: Act): Promise<Result<Written> | Lost> {
    const { id } = this.agent
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

  #signedBy(): Act['by'] {
    return this.agent.developer !== undefined && this.#random.next() < 0.5 ? 'developer' : 'entity'
  }
}

interface Written {
  readonly owner: Stamp
  readonly written: Stamp
}

const writtenRecord = (answer: Result<EntityView>): Result<Written> =>
  answer.ok ? { ok: true, value: { owner: answer.value.record.birth, written: answer.value.record.stamp } } : answer

const outcomeOf = (answer: Result<unknown> | Lost): ActOutcome => {
  if (answer === LOST) return 'unknown'
  if (answer.ok) return 'ok'
  return answer.code === 'timeout' ? 'unknown' : 'refused'
}

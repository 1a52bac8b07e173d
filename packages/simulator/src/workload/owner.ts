/** What the owner of an entity asks of nodes, and writes into the ledger when it was acknowledged. */
import type { Act, Result } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick } from '../chance.ts'
import { LOST, type Lost, type SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Agent } from './agent.ts'
import { handIn } from './hand-in.ts'
import { drawWords } from './words.ts'

/** `unknown`: the node ended, or did not answer in time; whether it was written, nobody told. */
export type ActOutcome = 'ok' | 'unknown' | 'refused'

export class Owner {
  readonly agent: Agent
  readonly #world: World
  readonly #random: SeededRandom

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

  async #ask(node: SimNode, act: Act): Promise<ActOutcome> {
    const { tally, trace, ledger } = this.#world
    ledger.handed(this.agent.id, act)
    const askedMs = this.#world.nowMs()
    const answer = await handIn(node, this.agent.id, act)
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

  #signedBy(): Act['by'] {
    return this.agent.developer !== undefined && this.#random.next() < 0.5 ? 'developer' : 'entity'
  }
}

const outcomeOf = (answer: Result<unknown> | Lost): ActOutcome => {
  if (answer === LOST) return 'unknown'
  if (answer.ok) return 'ok'
  return answer.code === 'timeout' ? 'unknown' : 'refused'
}

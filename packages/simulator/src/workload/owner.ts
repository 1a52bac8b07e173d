/** What the owner of an entity asks of nodes, and writes into the ledger when it was acknowledged. */
import type { Act } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick } from '../chance.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Agent } from './agent.ts'
import { type ActOutcome, ask } from './hand-in.ts'
import { drawWords } from './words.ts'

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
    const outcome = await ask(this.#world, { node, id: this.agent.id, act, name: this.agent.name })
    if (outcome !== 'unknown' || triesLeft === 0) return outcome
    return this.hand(pick(this.#random, this.#world.nodes), act, triesLeft - 1)
  }

  #signedBy(): Act['by'] {
    return this.agent.developer !== undefined && this.#random.next() < 0.5 ? 'developer' : 'entity'
  }
}

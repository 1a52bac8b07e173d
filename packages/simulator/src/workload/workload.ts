import type { Signer } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick } from '../chance.ts'
import type { World } from '../world.ts'
import { Agent } from './agent.ts'
import { Career } from './career.ts'
import { Developer } from './developer.ts'
import { Life } from './life.ts'

/** All entities of a world, and their developers. */
export class Workload {
  readonly lives: readonly Life[]
  readonly careers: readonly Career[]
  readonly #random: SeededRandom

  constructor(world: World) {
    this.#random = world.random.split('workload')
    const developers = [0, 1].map((number) => world.keys.signer(`developer ${number}`))
    this.lives = Array.from(
      { length: world.plan.agents },
      (_, i) => new Life(world, this.#agent(world, i + 1, developers)),
    )
    for (const life of this.lives) world.settle(life)
    this.careers = developers.map((signer, i) => this.#career(world, i, signer))
  }

  begin(): void {
    for (const life of this.lives) life.begin()
    for (const career of this.careers) career.begin()
  }

  /** From here on half of the entities live in peace, and the others are silent. */
  calm(): void {
    for (const life of this.lives) life.calm(this.#random.next() < 0.6)
    for (const career of this.careers) career.calm()
  }

  #career(world: World, number: number, signer: Signer): Career {
    const { entitySkewMs } = world.plan.faults
    const developer = new Developer({
      name: `d${number + 1}`,
      signer,
      form: number % 2 === 0 ? 'native' : 'zynd',
      offsetMs: (entitySkewMs / 2) * (number - 0.5),
    })
    const entities = this.lives.flatMap(({ agent }) => (agent.developer === signer ? [agent.id] : []))
    return new Career(world, { developer, entities })
  }

  #agent(world: World, number: number, developers: readonly Signer[]): Agent {
    const random = this.#random
    return new Agent({
      keys: world.keys,
      number,
      type: random.next() < 0.2 ? 'service' : 'agent',
      form: random.next() < 0.7 ? 'native' : 'zynd',
      beatForm: pick(random, ['native', 'native', 'native', 'zynd', 'documented']),
      offsetMs: world.plan.faults.entitySkewMs * (2 * random.next() - 1),
      developer: random.next() < 0.3 ? pick(random, developers) : undefined,
    })
  }
}

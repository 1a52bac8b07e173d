import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** Every beat that reached a node is counted once, under one outcome, unless the process ended over it. */
class OneOutcome implements Checker {
  readonly name = oneOutcome.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  interval(): void {
    for (const node of this.#world.nodes) {
      const { asked, answered, lost } = this.#world.ledger.beatsOf(node)
      let counted = 0
      for (const count of node.metrics.beats.values()) counted += count
      if (counted > asked) this.#world.fail(this.name, `${node.name} counted ${counted} beats of ${asked}`)
      if (counted >= answered) continue
      this.#world.fail(this.name, `${node.name} counted ${counted} beats, and answered ${answered} (${lost} were lost)`)
    }
  }
}

export const oneOutcome: CheckerKind = {
  name: 'one-outcome',
  rule: 'L9: every beat ends in exactly one counted outcome.',
  make: (world) => new OneOutcome(world),
}

import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** After the calm every node shows active whoever beats, and inactive whoever does not. */
class RightInTheEnd implements Checker {
  readonly name = rightInTheEnd.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  settled(): void {
    const { intervalMs, thresholdMs } = this.#world.settings
    for (const { id, name, isBeating } of this.#world.entities()) {
      const newest = this.#world.ledger.newest(id)
      const silentMs = newest === undefined ? Number.POSITIVE_INFINITY : this.#world.nowMs() - newest.atMs
      for (const node of this.#world.nodes) {
        const state = node.runtime?.inside.state
        const holding = state?.holdings.get(id)
        if (state === undefined || holding?.entry.kind !== 'record') continue
        const shown = state.shownNow(holding)
        const told = `${node.name} shows ${name} ${shown}`
        if (isBeating && silentMs > 2.5 * intervalMs) {
          this.#world.fail(
            this.name,
            `no node has accepted a beat of ${name} for ${Math.round(silentMs / 1000)} s, though it beats`,
          )
        } else if (isBeating && shown !== 'active') this.#world.fail(this.name, `${told}, though it beats`)
        else if (!isBeating && silentMs > 2 * thresholdMs && shown === 'active') {
          this.#world.fail(this.name, `${told}, though it is silent for ${Math.round(silentMs / 1000)} s`)
        }
      }
    }
  }
}

export const rightInTheEnd: CheckerKind = {
  name: 'right-in-the-end',
  rule: 'L1, L3, L6: in the calm every entity that beats is active on all nodes, and every silent one inactive.',
  make: (world) => new RightInTheEnd(world),
}

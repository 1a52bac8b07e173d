import { LIMITS } from '@rollcall/protocol'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** Inbox, member table and the memory of ended births stay within their caps. */
class Bounded implements Checker {
  readonly name = bounded.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  second(): void {
    const { inboxMax } = this.#world.settings
    for (const { runtime, name } of this.#world.nodes) {
      if (runtime === undefined) continue
      const { state, inboxLength } = runtime.inside
      const found = { inbox: inboxLength(), members: state.members.size, endedBeats: state.endedBeats.size }
      // Beats of ended births are kept for two skews: no more than there are entities.
      // Three lines, of which one has room for signs of life behind what it may hold otherwise.
      const caps = { inbox: 4 * inboxMax, members: LIMITS.membersMax, endedBeats: state.holdings.size }
      for (const queue of ['inbox', 'members', 'endedBeats'] as const) {
        if (found[queue] <= caps[queue]) continue
        this.#world.fail(this.name, `${queue} of ${name} holds ${found[queue]}, more than ${caps[queue]}`)
      }
    }
  }
}

export const bounded: CheckerKind = {
  name: 'bounded',
  rule: 'Every queue of a node stays within its cap.',
  make: (world) => new Bounded(world),
}

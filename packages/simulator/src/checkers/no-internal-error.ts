import type { SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Checker, CheckerKind } from './checker.ts'

/** The one error a node may log in a sound program: its disk refuses. */
const DISK = /^the disk refuses/

class NoInternalError implements Checker {
  readonly name = noInternalError.name
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  logged(node: SimNode, level: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (level !== 'error' || DISK.test(message)) return
    const { error } = fields
    this.#world.fail(
      this.name,
      `${node.name}: ${message}: ${error instanceof Error ? error.stack : JSON.stringify(fields)}`,
    )
  }
}

export const noInternalError: CheckerKind = {
  name: 'no-internal-error',
  rule: 'No step throws, no row of a store is unreadable, no call of the registry rejects.',
  make: (world) => new NoInternalError(world),
}

import type { RegistryInput } from '@rollcall/core'
import type { Loop } from './loop.ts'
import type { Timers } from './timers.ts'

/**
 * Walks over everything a node holds, of which a turn is given one slice: the next comes when the one before is carried out
 * and the event loop has come round. Were they handed in by the clock alone, those that wait for a slow disk would share a
 * turn, and hold the event loop together.
 */
export class Walks {
  readonly #loop: Pick<Loop, 'submit' | 'settled'>
  readonly #timers: Timers
  readonly #underWay = new Set<string>()

  constructor(loop: Pick<Loop, 'submit' | 'settled'>, timers: Timers) {
    this.#loop = loop
    this.#timers = timers
  }

  /** Begins a walk, unless one named so is under way. */
  start(name: string, slices: Iterable<RegistryInput>): void {
    if (this.#underWay.has(name)) return
    this.#underWay.add(name)
    this.#goOn(name, slices[Symbol.iterator]())
  }

  #goOn(name: string, slices: Iterator<RegistryInput>): void {
    const { done, value } = slices.next()
    if (done === true) {
      this.#underWay.delete(name)
      return
    }
    this.#loop.submit(value)
    void this.#loop.settled('timers').then(() => {
      this.#timers.once(name, 0, () => {
        this.#goOn(name, slices)
      })
    })
  }
}

/** The course of one developer: it claims handles that others want, too, names its entities, releases both, goes, comes again. */
import type { Act, EntityId } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick, waitMs } from '../chance.ts'
import type { World } from '../world.ts'
import type { Developer } from './developer.ts'
import { type ActOutcome, ask } from './hand-in.ts'

/** Few, so that two sides of a partition take the same. */
export const HANDLES: readonly string[] = ['acme-labs', 'globex', 'initech']
export const NAMES: readonly string[] = ['helper', 'oracle']

const DEEDS = { register: 3, update: 2, claim: 5, release: 2, bind: 6, releaseName: 2, deregister: 1 } as const
type Deed = keyof typeof DEEDS
const DRAW: readonly Deed[] = Object.entries(DEEDS).flatMap(([deed, weight]) => Array<Deed>(weight).fill(deed as Deed))

export class Career {
  readonly developer: Developer
  readonly #world: World
  readonly #random: SeededRandom
  /** Its entities. */
  readonly #entities: readonly EntityId[]
  #isCalm = false

  constructor(world: World, init: { readonly developer: Developer; readonly entities: readonly EntityId[] }) {
    this.#world = world
    this.developer = init.developer
    this.#entities = init.entities
    this.#random = world.random.split(`career ${init.developer.name}`)
    world.trace.name(init.developer.id, init.developer.name)
  }

  begin(): void {
    this.#next()
  }

  calm(): void {
    this.#isCalm = true
  }

  #next(): void {
    this.#world.after(waitMs(this.#random, 6 * this.#world.settings.intervalMs), () => void this.#act())
  }

  async #act(): Promise<void> {
    if (this.#isCalm) return
    const what = this.#drawAct()
    if (what !== undefined) await this.#hand(what.id, what.act)
    this.#next()
  }

  #drawAct(): { readonly id: EntityId; readonly act: Act } | undefined {
    const { developer } = this
    const trueMs = this.#world.trueMs()
    const handle = pick(this.#random, HANDLES)
    const name = pick(this.#random, NAMES)
    const deed = pick(this.#random, DRAW)
    const own = (act: Act) => ({ id: developer.id, act })
    if (deed === 'register') return own(developer.registration(trueMs))
    if (deed === 'update') return own(developer.update(trueMs, `git-${this.#random.below(100)}`))
    if (deed === 'claim') return own(developer.claim(trueMs, handle))
    if (deed === 'release') return own(developer.release(trueMs, handle))
    if (deed === 'deregister') return own(developer.deregistration(trueMs))
    if (this.#entities.length === 0) return undefined
    const id = pick(this.#random, this.#entities)
    // Who names no handle means its own, whichever that is.
    if (deed === 'bind')
      return { id, act: developer.bind(trueMs, { id, name, handle: pick(this.#random, ['', handle]) }) }
    return { id, act: developer.releaseName(trueMs, { id, name, handle }) }
  }

  /** As a client library does: where the answer stays away, the same act to another node. */
  async #hand(id: EntityId, act: Act, triesLeft = 1): Promise<ActOutcome> {
    const up = this.#world.nodes.filter((node) => node.isUp)
    const node = pick(this.#random, up.length > 0 ? up : this.#world.nodes)
    const outcome = await ask(this.#world, { node, id, act, name: this.#nameOf(id) })
    return outcome === 'unknown' && triesLeft > 0 ? this.#hand(id, act, triesLeft - 1) : outcome
  }

  #nameOf(id: EntityId): string {
    return id === this.developer.id ? this.developer.name : `${this.developer.name} of ${this.#world.trace.of(id)}:`
  }
}

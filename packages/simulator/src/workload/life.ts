/** The life of one entity in the storm: comes, goes silent, says goodbye, roams, doubles, is updated, ends, comes again. */
import type { EntityId } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { pick, waitMs } from '../chance.ts'
import type { SimNode } from '../node/sim-node.ts'
import type { Inhabitant, World } from '../world.ts'
import type { Agent } from './agent.ts'
import { Instance } from './instance.ts'
import { Owner } from './owner.ts'

const DEEDS = {
  come: 4,
  silent: 3,
  goodbye: 2,
  roam: 4,
  double: 2,
  update: 3,
  deregister: 2,
  clock: 1,
} as const
type Deed = keyof typeof DEEDS

const DRAW: readonly Deed[] = Object.entries(DEEDS).flatMap(([deed, weight]) => Array<Deed>(weight).fill(deed as Deed))

export class Life implements Inhabitant {
  readonly agent: Agent
  readonly owner: Owner
  readonly #world: World
  readonly #random: SeededRandom
  readonly #instances: Instance[] = []
  #copies = 0
  /** What its owner was told last. */
  #isRegistered = false
  #isCalm = false

  constructor(world: World, agent: Agent) {
    this.#world = world
    this.agent = agent
    this.#random = world.random.split(`life ${agent.number}`)
    this.owner = new Owner(world, agent, this.#random.split('owner'))
  }

  get id(): EntityId {
    return this.agent.id
  }

  get name(): string {
    return this.agent.name
  }

  get developerKey(): Uint8Array | undefined {
    return this.agent.developer?.publicKey
  }

  get beatForm(): Agent['beatForm'] {
    return this.agent.beatForm
  }

  get isBeating(): boolean {
    return this.running.length > 0
  }

  get running(): readonly Instance[] {
    return this.#instances.filter((instance) => instance.isRunning)
  }

  /** Registers within the first intervals, and lives from then on. */
  begin(): void {
    const { intervalMs } = this.#world.settings
    this.#world.after(2 * intervalMs * this.#random.next(), () => void this.#act())
  }

  /** The end of the storm: the owner does nothing more, and one copy at most goes on. */
  calm(isLive: boolean): void {
    this.#isCalm = true
    const [first, ...others] = this.running
    for (const other of others) other.stop()
    if (!isLive) first?.stop()
    else if (first === undefined) this.start()
  }

  start(node: SimNode = this.#pickNode()): Instance {
    const { intervalMs, thresholdMs } = this.#world.settings
    const init = {
      world: this.#world,
      agent: this.agent,
      random: this.#random.split(`copy ${++this.#copies}`),
      backoffMaxMs: Math.min(2 * intervalMs, thresholdMs / 5),
      onEnded: (why: string) => this.#tell(`a copy ended: ${why}`),
      onUnknown: () => undefined,
    }
    const instance = new Instance(init, this.#copies)
    this.#instances.push(instance)
    if (this.#instances.length > 8) this.#instances.splice(0, 4, ...this.running.slice(0, 4))
    instance.start(node)
    return instance
  }

  async #act(): Promise<void> {
    if (this.#isCalm) return
    const { intervalMs } = this.#world.settings
    if (!this.#isRegistered) await this.#register()
    else await this.#deed(pick(this.#random, DRAW))
    const pauseMs = waitMs(this.#random, this.#world.plan.deedIntervals * intervalMs)
    this.#world.after(pauseMs, () => void this.#act())
  }

  async #register(): Promise<void> {
    const outcome = await this.owner.register(this.#pickNode())
    // A refusal says that a node knows a live record: an earlier attempt of unknown outcome was written after all.
    this.#isRegistered = outcome !== 'unknown'
    if (this.#isRegistered && !this.#isCalm && this.running.length === 0) this.start()
  }

  async #deed(deed: Deed): Promise<void> {
    const running = this.running
    const [first] = running
    if (first === undefined && deed !== 'deregister' && deed !== 'update') deed = 'come'
    this.#world.tally.deed(deed)
    this.#tell(deed)
    switch (deed) {
      case 'come':
        if (first === undefined) this.start()
        return
      case 'silent':
        for (const instance of running) instance.stop()
        return
      case 'goodbye':
        first?.goodbye()
        return
      case 'roam':
        first?.roam(this.#pickNode())
        return
      case 'double': {
        const other = this.start()
        const { intervalMs } = this.#world.settings
        this.#world.after(20 * intervalMs * this.#random.next(), () => {
          if (!this.#isCalm) other.stop()
        })
        return
      }
      case 'update':
        await this.owner.update(this.#pickNode())
        return
      case 'deregister': {
        const outcome = await this.owner.deregister(this.#pickNode())
        if (outcome !== 'refused') this.#isRegistered = false
        return
      }
      case 'clock':
        this.agent.offsetMs = this.#world.plan.faults.entitySkewMs * (2 * this.#random.next() - 1)
    }
  }

  #pickNode(): SimNode {
    const up = this.#world.nodes.filter((node) => node.isUp)
    return pick(this.#random, up.length > 0 ? up : this.#world.nodes)
  }

  #tell(what: string): void {
    this.#world.trace.line('life', this.agent.name, what)
  }
}

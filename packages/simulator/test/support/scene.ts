/** A directed history: a test says what happens, and every checker of the simulator looks on. */
import assert from 'node:assert/strict'
import type { Session } from '@rollcall/core'
import type { Act, Beat, BeatOutcome, EntityId, Entry, Status } from '@rollcall/protocol'
import {
  Agent,
  type AgentInit,
  ByzantinePeer,
  CHECKERS,
  type Checker,
  drawPlan,
  type Inhabitant,
  Instance,
  loadHasher,
  NO_FAULTS,
  Owner,
  type Plan,
  type PlanOptions,
  type SimNode,
  TraceWatcher,
  World,
} from '@rollcall/simulator'
import { SeededRandom } from '@rollcall/testkit'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND

const hasher = await loadHasher()

export interface SceneInit extends PlanOptions {
  readonly seed?: string
  /** Names of checkers that a finding makes fire. */
  readonly without?: readonly string[]
}

type Answer = Awaited<ReturnType<Owner['hand']>>

/** An agent of a scene: signs, acts and beats where the test says. */
export class Actor implements Inhabitant {
  readonly agent: Agent
  readonly owner: Owner
  readonly #scene: Scene
  readonly #sessions = new Map<SimNode, { readonly session: Session; readonly run: number }>()
  #instance: Instance | undefined
  #copies = 0

  constructor(scene: Scene, agent: Agent) {
    this.#scene = scene
    this.agent = agent
    this.owner = new Owner(scene.world, agent, new SeededRandom(agent.name))
  }

  get id(): EntityId {
    return this.agent.id
  }

  get name(): string {
    return this.agent.name
  }

  get beatForm(): Beat['form'] {
    return this.agent.beatForm
  }

  get developerKey(): Uint8Array | undefined {
    return this.agent.developer?.publicKey
  }

  get isBeating(): boolean {
    return this.#instance?.isRunning === true
  }

  register(node: number): Promise<Answer> {
    const { world } = this.#scene
    return this.#taken(node, this.agent.registration(world.trueMs(), { summary: 'weather' }))
  }

  update(node: number, fields: Parameters<Agent['update']>[1], by: Act['by'] = 'entity'): Promise<Answer> {
    return this.#taken(node, this.agent.update(this.#scene.world.trueMs(), fields, by))
  }

  deregister(node: number, by: Act['by'] = 'entity'): Promise<Answer> {
    return this.#taken(node, this.agent.deregistration(this.#scene.world.trueMs(), by))
  }

  /** A step of the scene that was refused would leave the rest to prove nothing; who expects a refusal calls `hand`. */
  async #taken(node: number, act: Act): Promise<Answer> {
    const answer = await this.hand(node, act)
    assert.equal(answer, 'ok', `${this.name}: ${act.kind} on node ${node}`)
    return answer
  }

  /** Hands an act to one node, and to no other. */
  hand(node: number, act: Act): Promise<Answer> {
    const { world } = this.#scene
    return world.until(this.owner.hand(world.node(node), act, 0))
  }

  /** One beat on the session it has with a node, or a new one. */
  beat(node: number, status: Status = 'active'): Promise<BeatOutcome | 'lost'> {
    const { world } = this.#scene
    return this.say(node, this.agent.beat({ node: world.node(node).id, nonce: 'bm9uY2U=' }, world.trueMs(), status))
  }

  /** Hands in a beat that was signed somewhere, some time. */
  async say(node: number, beat: Beat): Promise<BeatOutcome | 'lost'> {
    const { world } = this.#scene
    const at = world.node(node)
    const source = { requestId: 'beat', address: `10.0.0.${node}`, session: this.#session(at) }
    const counts = world.ledger.beatsOf(at)
    const answer = await world.until(
      at.call((registry) => {
        counts.asked++
        return registry.beat(this.id, beat, source)
      }),
    )
    if (typeof answer === 'symbol') return 'lost'
    counts.answered++
    if (answer.outcome !== 'accepted') return answer.outcome
    world.ledger.accepted(this.id, at, beat)
    world.tell('beaten', (watcher) => watcher.beaten?.(at, this.id, beat.status))
    return answer.outcome
  }

  /** From now on a copy of it runs, beginning on this node. */
  live(node: number): void {
    const { world } = this.#scene
    this.#instance ??= new Instance(
      {
        world,
        agent: this.agent,
        random: new SeededRandom(`${this.name} ${++this.#copies}`),
        backoffMaxMs: MINUTE,
        onEnded: () => undefined,
        onUnknown: () => undefined,
      },
      this.#copies,
    )
    if (this.#instance.isRunning) this.#instance.roam(world.node(node))
    else this.#instance.start(world.node(node))
  }

  silent(): void {
    this.#instance?.stop()
    this.#instance = undefined
  }

  #session(node: SimNode): Session {
    const held = this.#sessions.get(node)
    if (held !== undefined && held.run === node.run) return held.session
    const registry = node.runtime?.registry
    if (registry === undefined) throw new Error(`${node.name} is down`)
    const kind = this.beatForm === 'native' ? 'native' : this.beatForm
    const nothing = (): void => undefined
    const session = registry.openSession({
      kind,
      entities: [],
      address: '10.0.0.1',
      onRevoked: nothing,
      onMoved: nothing,
    })
    this.#sessions.set(node, { session, run: node.run })
    return session
  }
}

export class Scene {
  readonly world: World
  readonly plan: Plan
  readonly #checkers: readonly Checker[]
  #actors = 0

  private constructor(init: SceneInit) {
    const seed = init.seed ?? 'scene'
    const faults = { ...NO_FAULTS, ...init.faults }
    this.plan = drawPlan(new SeededRandom(seed), { profile: 'default', ...init, agents: 0, faults })
    const onLine =
      process.env.SCENE_TRACE === undefined ? {} : { onLine: (line: string) => process.stdout.write(`${line}\n`) }
    this.world = new World({ seed, plan: this.plan, hasher, ...onLine })
    const kinds = CHECKERS.filter(({ name }) => init.without?.includes(name) !== true)
    this.#checkers = kinds.map((kind) => kind.make(this.world))
    for (const checker of this.#checkers) this.world.watch(checker)
    if (this.world.trace.isOn) this.world.watch(new TraceWatcher(this.world.trace))
    this.world.every(SECOND, () => {
      for (const checker of this.#checkers) checker.second?.()
    })
    this.world.every(this.plan.settings.intervalMs, () => {
      for (const checker of this.#checkers) void checker.interval?.()
    })
  }

  /** A cluster whose nodes have found each other. `late`: nodes that are not started. */
  static async begin(init: SceneInit & { readonly late?: readonly number[] }): Promise<Scene> {
    const scene = new Scene(init)
    for (const node of scene.world.nodes) if (init.late?.includes(node.index) !== true) node.start()
    await scene.pass(10 * SECOND)
    return scene
  }

  actor(init: Partial<AgentInit> = {}): Actor {
    const agent = new Agent({
      keys: this.world.keys,
      number: ++this.#actors,
      type: 'agent',
      form: 'native',
      beatForm: 'native',
      offsetMs: 0,
      developer: undefined,
      ...init,
    })
    const actor = new Actor(this, agent)
    this.world.settle(actor)
    return actor
  }

  /** An actor that one node has registered. */
  async registered(node: number, init: Partial<AgentInit> = {}): Promise<Actor> {
    const actor = this.actor(init)
    await actor.register(node)
    return actor
  }

  /** An actor that one node has registered, and that from now on beats there. */
  async living(node: number, init: Partial<AgentInit> = {}): Promise<Actor> {
    const actor = await this.registered(node, init)
    actor.live(node)
    return actor
  }

  liar(): ByzantinePeer {
    const liar = new ByzantinePeer(this.world, 0, [])
    liar.begin()
    return liar
  }

  async pass(ms: number): Promise<void> {
    await this.world.pass(ms)
    assert.equal(this.world.failure, undefined)
  }

  // ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Cuts every link between a node of the first group and one of the second. */
  cut(some: readonly number[], others: readonly number[]): void {
    for (const a of some) for (const b of others) this.world.paths.cut(this.world.node(a), this.world.node(b))
  }

  isolate(node: number): void {
    const others = this.world.nodes.map(({ index }) => index).filter((index) => index !== node)
    this.cut([node], others)
  }

  heal(): void {
    this.world.paths.heal()
  }

  crash(node: number): void {
    this.world.node(node).crash()
  }

  /** As after SIGKILL: the operating system still writes what it was given. */
  kill(node: number): void {
    this.world.node(node).crash(0)
  }

  start(node: number): void {
    this.world.node(node).start()
  }

  /** Kills a node, empties its disk, and starts it. */
  wipe(node: number): void {
    this.crash(node)
    this.world.node(node).wipe()
    this.start(node)
  }

  /** The process hangs until `resume`; its connections stay open. */
  pause(node: number): void {
    this.world.node(node).ails('pause')
    this.world.node(node).pause()
  }

  resume(node: number): void {
    this.world.node(node).cured('pause')
    this.world.node(node).resume()
  }

  // ── What the nodes know ───────────────────────────────────────────────────────────────────────────────────────────

  entry(node: number, { id }: Actor): Entry | undefined {
    return this.world.node(node).runtime?.inside.state.holdings.get(id)?.entry
  }

  /** How each node shows an entity: a status, `dead`, `unknown`, or `down`. */
  shown({ id }: Actor): string[] {
    return this.world.nodes.map(({ runtime }) => {
      if (runtime === undefined) return 'down'
      const { state } = runtime.inside
      const holding = state.holdings.get(id)
      if (holding === undefined) return 'unknown'
      return holding.entry.kind === 'record' ? state.shownNow(holding) : 'dead'
    })
  }

  all(actor: Actor, shown: string): void {
    assert.deepEqual(
      this.shown(actor),
      this.world.nodes.map(() => shown),
    )
  }

  /** Lets time pass, and looks every so often whether all nodes show the entity as they should. */
  async stays(actor: Actor, shown: string, ms: number, everyMs: number = 10 * SECOND): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += everyMs) {
      await this.pass(everyMs)
      this.all(actor, shown)
    }
  }

  digests(): Set<string> {
    return new Set(this.world.nodes.flatMap(({ runtime }) => runtime?.registry.node().digest ?? []))
  }

  /** Ends every fault, waits as long as the rules allow, and lets every checker have its last word. */
  async settle(): Promise<void> {
    this.heal()
    for (const node of this.world.nodes) if (node.isDown) node.start()
    for (const checker of this.#checkers) checker.calm?.()
    await this.pass(this.plan.calmMs)
    for (const checker of this.#checkers) await checker.settled?.()
    assert.equal(this.world.failure, undefined)
  }
}

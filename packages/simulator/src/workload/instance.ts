/**
 * One running copy of an agent, as its client library behaves: a session on one node, a beat each interval, and another node
 * after a pause when that one fails. It reaches every node that is up: clients are not on the network of the nodes.
 */
import type { Session } from '@rollcall/core'
import type { Beat, BeatOutcome, Status } from '@rollcall/protocol'
import type { SeededRandom } from '@rollcall/testkit'
import { LOST, type SimNode } from '../node/sim-node.ts'
import type { World } from '../world.ts'
import type { Agent } from './agent.ts'

const BACKOFF_MIN_MS = 1_000
/** Refusals in a row after which another node is tried. */
const REFUSALS_MAX = 3

export interface InstanceInit {
  readonly world: World
  readonly agent: Agent
  readonly random: SeededRandom
  /** Longest pause between two attempts. */
  readonly backoffMaxMs: number
  /** The copy ended by itself: superseded by a newer one, or deregistered. */
  readonly onEnded: (why: string) => void
  readonly onUnknown: () => void
}

export class Instance {
  readonly #init: InstanceInit
  readonly #address: string
  #node: SimNode | undefined
  #run = 0
  #session: Session | undefined
  #nonce = ''
  #cancel: (() => void) | undefined
  #backoffMs = BACKOFF_MIN_MS
  #refusals = 0
  #isRunning = false

  constructor(init: InstanceInit, number: number) {
    this.#init = init
    this.#address = `10.0.${init.agent.number}.${number}`
  }

  get isRunning(): boolean {
    return this.#isRunning
  }

  get node(): SimNode | undefined {
    return this.#node
  }

  start(node: SimNode): void {
    this.#isRunning = true
    this.#connect(node)
  }

  /** Goes to another node of its own accord. */
  roam(node: SimNode): void {
    if (!this.#isRunning || node === this.#node) return
    this.#leave()
    this.#connect(node)
  }

  /** Falls silent, as when its machine is switched off. */
  stop(): void {
    this.#isRunning = false
    this.#cancel?.()
    this.#leave()
  }

  /** Says that it goes, and goes. Only the native form can say it. */
  goodbye(): void {
    if (this.#isRunning && this.#init.agent.beatForm === 'native') void this.#beat('inactive')
    this.stop()
  }

  #connect(node: SimNode): void {
    const { agent, random, world } = this.#init
    this.#cancel?.()
    this.#node = node
    const registry = node.runtime?.registry
    if (registry === undefined) return this.#tryElsewhere()
    this.#run = node.run
    this.#nonce = Buffer.from(random.bytes(8)).toString('base64')
    const opened = registry.openSession({
      kind: agent.beatForm === 'native' ? 'native' : agent.beatForm,
      entities: [],
      address: this.#address,
      onRevoked: (_, reason) => {
        // Nobody must hear of its own end in the middle of the turn that decided it.
        world.after(1, () => {
          if (this.#session === opened) this.#end(reason)
        })
      },
      onMoved: () => {
        world.after(1, () => {
          if (this.#session === opened) this.#tryElsewhere()
        })
      },
    })
    this.#session = opened
    this.#beatLater()
    void this.#beat()
  }

  #leave(): void {
    const { world } = this.#init
    const [session, node, run] = [this.#session, this.#node, this.#run]
    this.#session = undefined
    // The socket closes a moment later than the client leaves.
    if (session !== undefined)
      world.after(5, () => {
        if (node?.isUp === true && node.run === run) session.close()
      })
  }

  #end(why: string): void {
    this.stop()
    this.#init.onEnded(why)
  }

  #beatLater(): void {
    const { world, random } = this.#init
    const delayMs = world.settings.intervalMs * (0.95 + 0.1 * random.next())
    this.#cancel?.()
    this.#cancel = world.after(delayMs, () => {
      this.#beatLater()
      void this.#beat()
    })
  }

  async #beat(status: Status = 'active'): Promise<void> {
    const { agent, world } = this.#init
    const [node, session] = [this.#node, this.#session]
    if (node === undefined || session === undefined) return
    if (node.run !== this.#run) return this.#tryElsewhere()
    const beat = agent.beat({ node: node.id, nonce: this.#nonce }, world.trueMs(), status)
    const outcome = await judge(world, { node, agent, beat, session, address: this.#address })
    if (outcome === 'accepted' || outcome === 'duplicate') session.add(agent.id)
    // What came of it concerns this session only.
    if (this.#session === session && this.#isRunning) this.#heed(outcome)
  }

  #heed(outcome: BeatOutcome | 'lost'): void {
    switch (outcome) {
      case 'accepted':
      case 'duplicate':
        this.#refusals = 0
        this.#backoffMs = BACKOFF_MIN_MS
        return
      case 'stale':
      case 'skew':
      case 'rate_limited':
        if (++this.#refusals >= REFUSALS_MAX) this.#tryElsewhere()
        return
      case 'deregistered':
        return this.#end('deregistered')
      case 'not_found':
        this.#init.onUnknown()
        return this.#tryElsewhere()
      default:
        this.#tryElsewhere()
    }
  }

  #tryElsewhere(): void {
    const { world, random, backoffMaxMs } = this.#init
    this.#leave()
    this.#refusals = 0
    const delayMs = this.#backoffMs * (0.5 + random.next() / 2)
    this.#backoffMs = Math.min(2 * this.#backoffMs, backoffMaxMs)
    this.#cancel?.()
    this.#cancel = world.after(delayMs, () => {
      const others = world.nodes.filter((node) => node !== this.#node)
      const next = others[random.below(Math.max(1, others.length))] ?? this.#node
      if (next !== undefined) this.#connect(next)
    })
  }
}

/** Hands a beat to a node, writes down what came of it, and returns the outcome; `lost` where the node ended before. */
export const judge = async (
  world: World,
  to: {
    readonly node: SimNode
    readonly agent: Agent
    readonly beat: Beat
    readonly session: Session
    readonly address: string
  },
): Promise<BeatOutcome | 'lost'> => {
  const { node, agent, beat, session, address } = to
  const counts = world.ledger.beatsOf(node)
  const answer = await node.call((registry) => {
    counts.asked++
    return registry.beat(agent.id, beat, { requestId: 'beat', address, session })
  })
  const outcome = answer === LOST ? 'lost' : answer.outcome
  if (outcome === 'lost') counts.lost++
  else counts.answered++
  world.tally.deed(`beat_${outcome}`)
  if (outcome === 'accepted') {
    world.ledger.accepted(agent.id, node, beat)
    world.tell('beaten', (watcher) => watcher.beaten?.(node, agent.id, beat.status))
  }
  if (world.trace.isOn) {
    const clock = `${beat.form} ${beat.status} ${Math.round(beat.timeMs - world.trueMs())} ms`
    world.trace.line('beat', node.name, `${agent.name} ${clock}: ${outcome}`)
  }
  return outcome
}

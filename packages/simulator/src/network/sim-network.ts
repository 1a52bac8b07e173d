import type { Random, Topic } from '@rollcall/core'
import type { NodeId } from '@rollcall/protocol'
import { MemoryMeshNetwork, type MemoryMeshNetworkInit } from '@rollcall/testkit'
import type { Tally } from '../tally.ts'
import { Traffic } from './traffic.ts'

type Wire = MemoryMeshNetwork
type BroadcastArgs = Parameters<Wire['broadcast']>
type RequestArgs = Parameters<Wire['request']>

/** What a link does to what it carries; see `Faults`. */
export interface Weather {
  readonly lossRatio: number
  readonly duplicateRatio: number
  readonly requestLossRatio: number
}

const FAIR: Weather = { lossRatio: 0, duplicateRatio: 0, requestLossRatio: 0 }
/** Messages remembered for replays. Statuses are many and of little use to a liar: one in this many is kept. */
const STATUS_SAMPLE = 20
const SENT_MAX = 2_000

export interface SentMessage {
  readonly topic: Topic
  readonly bytes: Uint8Array
}

/**
 * The network of the testkit with faults that are counted, ways that fail in one direction only, and a memory of what was
 * ever sent.
 */
export class SimNetwork extends MemoryMeshNetwork {
  readonly #chance: Random
  readonly #tally: Tally
  readonly #blocked = new Set<string>()
  #weather = FAIR
  #isGossipBlocked = false
  #statuses = 0
  /** Transitions, and some statuses, in the order in which they were first carried. */
  readonly sent: SentMessage[] = []
  readonly traffic: Traffic = new Traffic()
  readonly #lastKeys = new Set<string>()

  constructor(init: MemoryMeshNetworkInit & { readonly tally: Tally }) {
    super(init)
    this.#chance = init.random
    this.#tally = init.tally
  }

  set weather(weather: Weather | undefined) {
    this.#weather = weather ?? FAIR
  }

  get weather(): Weather {
    return this.#weather
  }

  /** Loses every broadcast, while connections and requests go on. */
  override blockTopics(blocked: boolean): void {
    this.#isGossipBlocked = blocked
  }

  get isGossipBlocked(): boolean {
    return this.#isGossipBlocked
  }

  /** Loses everything from `from` to `to`, while the connection seems open; the other direction works. */
  block(from: NodeId, to: NodeId): void {
    this.#blocked.add(`${from}>${to}`)
  }

  unblock(from: NodeId, to: NodeId): void {
    this.#blocked.delete(`${from}>${to}`)
  }

  isBlocked(from: NodeId, to: NodeId): boolean {
    return this.#blocked.size > 0 && this.#blocked.has(`${from}>${to}`)
  }

  override heal(): void {
    super.heal()
    this.#blocked.clear()
  }

  override broadcast(...args: BroadcastArgs): boolean {
    const [, from, to, broadcast] = args
    this.#remember(broadcast)
    this.traffic.sent(from, to, broadcast.bytes.length)
    if (this.#isGossipBlocked) return this.#lose('gossip_blocked')
    if (this.isBlocked(from, to)) return this.#lose('one_way')
    if (this.#chance.next() < this.#weather.lossRatio) return this.#lose('lost')
    if (this.#chance.next() < this.#weather.duplicateRatio) {
      this.#tally.fault('duplicated')
      super.broadcast(...args)
    }
    return super.broadcast(...args)
  }

  override request(...[link, from, to, question]: RequestArgs): void {
    this.traffic.request(from, to, question.body.length)
    if (this.isBlocked(from, to)) {
      this.#lose('one_way')
      return
    }
    const isLost = (): boolean => {
      if (this.isBlocked(to, from)) return this.#lose('one_way')
      return this.#chance.next() < this.#weather.requestLossRatio && this.#lose('request_lost')
    }
    if (this.#chance.next() < this.#weather.requestLossRatio) {
      this.#lose('request_lost')
      return
    }
    super.request(link, from, to, {
      ...question,
      onAnswer: (answer) => {
        if (answer.ok) this.traffic.sent(to, from, answer.body.length)
        if (!isLost()) question.onAnswer(answer)
      },
    })
  }

  #lose(kind: string): true {
    this.#tally.fault(kind)
    return true
  }

  #remember({ topic, key, bytes }: BroadcastArgs[3]): void {
    if (this.#lastKeys.has(key)) return
    this.#lastKeys.add(key)
    if (this.#lastKeys.size > 256) {
      const [oldest] = this.#lastKeys
      if (oldest !== undefined) this.#lastKeys.delete(oldest)
    }
    if (topic === 'rollcall/status/1' && this.#statuses++ % STATUS_SAMPLE !== 0) return
    if (this.sent.length < SENT_MAX) this.sent.push({ topic, bytes })
    else this.sent[Math.floor(this.#chance.next() * SENT_MAX)] = { topic, bytes }
  }
}

import { createHash } from 'node:crypto'
import {
  type GossipSub,
  type GossipsubOpts,
  gossipsub,
  type Message,
  StrictNoSign,
  TopicValidatorResult,
} from '@libp2p/gossipsub'
import { createTopicScoreParams } from '@libp2p/gossipsub/score'
import type { Log, MeshHandlers, MessageVerdict, Metrics, Topic } from '@rollcall/core'
import { TOPICS } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import {
  BEHAVIOUR_THRESHOLD,
  GOSSIP_FRAME_BYTES_MAX,
  GOSSIP_PEER_BUFFER_BYTES_MAX,
  type MeshLimits,
  RECEIVED_MESSAGE_BYTES_MAX,
  REJECT_DECAY,
  REJECT_WEIGHT,
  SEEN_MS,
} from './settings.ts'

const VERDICTS: Record<MessageVerdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/**
 * gossipsub for a private cluster. Messages are unsigned (StrictNoSign): what they carry is signed already, and a copy is
 * then dropped before anything is verified.
 */
export const gossipService = () => gossipsub(gossipOptions())

/** The score knows one offence only, a rejected message; the defaults punish slow, new and neighbouring peers. */
const topicScore = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: REJECT_WEIGHT,
  invalidMessageDeliveriesDecay: REJECT_DECAY,
}

const gossipOptions = (): Partial<GossipsubOpts> => ({
  globalSignaturePolicy: StrictNoSign,
  msgIdFn: messageId,
  allowedTopics: [...TOPICS],
  allowPublishToZeroTopicPeers: true,
  ignoreDuplicatePublishError: true,
  fallbackToFloodsub: false,
  doPX: false,
  maxInboundDataLength: GOSSIP_FRAME_BYTES_MAX,
  maxOutboundBufferSize: GOSSIP_PEER_BUFFER_BYTES_MAX,
  seenTTL: SEEN_MS,
  scoreParams: {
    // Ten peers behind one address are a Docker bridge here, not an attack (G5).
    IPColocationFactorWeight: 0,
    behaviourPenaltyThreshold: BEHAVIOUR_THRESHOLD,
    topics: Object.fromEntries(TOPICS.map((topic) => [topic, createTopicScoreParams(topicScore)])),
  },
})

/** First 20 bytes of SHA-256 over topic, zero byte and data: equal bytes on two topics are two messages. */
const messageId = (message: Message): Uint8Array =>
  createHash('sha256').update(message.topic).update('\0').update(message.data).digest().subarray(0, 20)

export interface GossipInit {
  readonly limits: MeshLimits
  readonly log: Log
  readonly metrics: Metrics
}

/** Broadcast on the topics of the port. Bounded on the way out and in; what does not fit is dropped and counted. */
export class Gossip {
  readonly #pubsub: GossipSub
  readonly #init: GossipInit
  readonly #outboundStreams: ReadonlyMap<string, unknown>
  #open = false
  #publishing = 0
  #validating = 0

  constructor(pubsub: GossipSub, init: GossipInit) {
    this.#pubsub = pubsub
    this.#init = init
    const streams: unknown = Reflect.get(pubsub, 'streamsOutbound')
    if (!(streams instanceof Map)) throw new Error('gossipsub has changed: its outbound streams are no longer visible')
    this.#outboundStreams = streams
  }

  /** Subscribes. To be called once libp2p has started. */
  open(onMessage: MeshHandlers['onMessage']): void {
    for (const topic of TOPICS) {
      this.#pubsub.topicValidators.set(topic, (from, message) => this.#judge(topic, message.data, from, onMessage))
      this.#pubsub.subscribe(topic)
    }
    this.#open = true
  }

  close(): void {
    this.#open = false
  }

  publish(topic: Topic, message: Uint8Array): void {
    const refusal = this.#refusal(message)
    if (refusal !== undefined) {
      this.#init.metrics.count('dropped_total', { queue: 'mesh', reason: refusal })
      return
    }
    this.#publishing++
    // The bytes stay with gossipsub, which sends them again to peers that ask: the caller may reuse its buffer.
    this.#pubsub
      .publish(topic, message.slice())
      .catch((error: unknown) => {
        this.#init.metrics.count('dropped_total', { queue: 'mesh', reason: 'failed' })
        this.#init.log.warn('a broadcast failed', { topic, error: String(error) })
      })
      .finally(() => {
        this.#publishing--
      })
  }

  /** The peers a broadcast goes to: subscribed to every topic, with a stream of ours to them. */
  reachable(): ReadonlySet<NodeId> {
    const [first, ...others] = TOPICS.map((topic) => new Set(this.#pubsub.getSubscribers(topic).map(String)))
    const ids = [...(first ?? [])].filter((id) => others.every((subscribers) => subscribers.has(id)))
    return new Set(ids.flatMap((id) => (this.#outboundStreams.has(id) ? (parseNodeId(id) ?? []) : [])))
  }

  /** Runs `listener` whenever `reachable` may have changed. */
  onChange(listener: () => void): void {
    this.#pubsub.addEventListener('subscription-change', listener)
    this.#pubsub.addEventListener('gossipsub:graft', listener)
  }

  #refusal(message: Uint8Array): string | undefined {
    if (!this.#open) return 'stopped'
    if (message.byteLength > this.#init.limits.messageBytesMax) return 'oversize'
    return this.#publishing >= this.#init.limits.publishQueueMax ? 'full' : undefined
  }

  async #judge(
    topic: Topic,
    data: Uint8Array,
    from: { toString(): string },
    onMessage: MeshHandlers['onMessage'],
  ): Promise<TopicValidatorResult> {
    const peer = parseNodeId(from.toString())
    if (peer === undefined || data.byteLength > RECEIVED_MESSAGE_BYTES_MAX) return TopicValidatorResult.Reject
    if (!this.#open) return TopicValidatorResult.Ignore
    if (this.#validating >= this.#init.limits.validationsMax) {
      this.#init.metrics.count('dropped_total', { queue: 'mesh_in', reason: 'full' })
      return TopicValidatorResult.Ignore
    }
    this.#validating++
    try {
      return VERDICTS[await onMessage(topic, data, peer)]
    } catch (error) {
      this.#init.log.error('a message could not be judged', { topic, from: peer, error: String(error) })
      return TopicValidatorResult.Ignore
    } finally {
      this.#validating--
    }
  }
}

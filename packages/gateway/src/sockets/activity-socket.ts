/** `WS /v1/ws/activity`: what happens, in Zynd's shape (zynd-wire.md §7), from the moment of the connection on. */
import type { ActivityFrame } from '../activity/activity-bus.ts'
import { framesOf } from '../activity/activity-frames.ts'
import type { EventFeeds } from '../feeds/event-feeds.ts'
import { isoTime, registryId } from '../views/entity-view.ts'
import type { GatewaySocket } from './gateway-socket.ts'
import { type Caller, ServerSocket, type SocketContext } from './server-socket.ts'

export class ActivitySocket extends ServerSocket {
  readonly #feeds: EventFeeds
  readonly #unsubscribe: () => void

  constructor(ws: GatewaySocket, caller: Caller, context: SocketContext, feeds: EventFeeds) {
    super('activity', ws, caller, context)
    this.#feeds = feeds
    feeds.activitySocket(1)
    this.send({
      type: 'connected',
      timestamp: isoTime(context.clock.wallMs()),
      data: { registry_id: registryId(context.registry.nodeId), message: 'what happens follows' },
    })
    const { registry, activity } = context
    const endTransitions = registry.subscribe({ listener: (event) => this.#tell(framesOf(event, registry.nodeId)) })
    const endActivity = activity.subscribe((frame) => this.#tell([frame]))
    this.#unsubscribe = () => {
      endTransitions()
      endActivity()
    }
  }

  #tell(frames: readonly ActivityFrame[]): void {
    for (const frame of frames) this.send(frame)
  }

  // The feed goes one way; what a client says on it is heard as a sign of life and nothing more.
  protected override onText(): void {}
  protected override onBinary(): void {}

  protected override onOverLimit(): void {
    this.context.metrics.count('dropped_total', { queue: 'socket_in', reason: 'rate_limited' })
  }

  protected override onFault(error: unknown): void {
    this.context.log.error('an activity socket failed', { requestId: this.requestId, error })
  }

  protected override onEnd(): void {
    this.#feeds.activitySocket(-1)
    this.#unsubscribe()
  }
}

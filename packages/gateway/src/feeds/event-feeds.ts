/**
 * Readers of the event feed. Each has a bounded buffer: one that reads too slowly is told of a gap and let go, and comes
 * back with the id of the last event it got. One ticker writes the comments that keep all streams open.
 */
import type { ServerResponse } from 'node:http'
import type { Clock, Log, Metrics, Registry, RegistryEvent } from '@rollcall/core'
import type { GatewaySettings } from '../settings.ts'
import { FEED_COMMENT_MS } from '../settings.ts'
import { eventJson } from '../views/event-view.ts'

interface FeedsInit {
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly settings: GatewaySettings
}

export interface FeedStart {
  readonly since: string | undefined
  readonly requestId: string
}

export class EventFeeds {
  readonly #init: FeedsInit
  readonly #feeds = new Set<EventFeed>()
  #activitySockets = 0
  #cancelTick: (() => void) | undefined

  constructor(init: FeedsInit) {
    this.#init = init
  }

  /** Whether one more reader may come. Activity sockets count too: they hold the same buffers. */
  hasRoom(): boolean {
    return this.#feeds.size + this.#activitySockets < this.#init.settings.feedsMax
  }

  activitySocket(change: 1 | -1): void {
    this.#activitySockets += change
  }

  /** Feeds events into a response whose head is written, until either side ends. */
  open(response: ServerResponse, start: FeedStart): void {
    const feed = new EventFeed(response, this.#init, start)
    this.#feeds.add(feed)
    response.once('close', () => {
      feed.end()
      this.#feeds.delete(feed)
    })
    feed.begin()
    this.#cancelTick ??= this.#init.clock.schedule(FEED_COMMENT_MS, () => this.#tick())
  }

  end(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
    for (const feed of this.#feeds) feed.end()
  }

  #tick(): void {
    this.#cancelTick = undefined
    for (const feed of this.#feeds) feed.comment()
    if (this.#feeds.size > 0) this.#cancelTick = this.#init.clock.schedule(FEED_COMMENT_MS, () => this.#tick())
  }
}

class EventFeed {
  readonly #response: ServerResponse
  readonly #init: FeedsInit
  readonly #start: FeedStart
  #unsubscribe: (() => void) | undefined
  #hasEnded = false

  constructor(response: ServerResponse, init: FeedsInit, start: FeedStart) {
    this.#response = response
    this.#init = init
    this.#start = start
    response.on('error', (error) => init.log.debug('an event feed broke', { requestId: start.requestId, error }))
  }

  begin(): void {
    const { since } = this.#start
    this.#response.write(': connected\n\n')
    // An id alone is no event, and makes a reader that loses the connection before the first one resume from here.
    if (since === undefined) this.#response.write(`id: ${this.#init.registry.eventCursor()}\n\n`)
    const listener = (event: RegistryEvent): void => this.#write(event)
    this.#unsubscribe = this.#init.registry.subscribe(since === undefined ? { listener } : { since, listener })
    // Held events are delivered within the call above, and may have ended the feed already.
    if (this.#hasEnded) this.#unsubscribe()
  }

  comment(): void {
    // A reader that was let go and does not even read that gets no second chance to hold the buffer.
    if (this.#hasEnded) this.#response.destroy()
    else this.#response.write(': beat\n\n')
  }

  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#unsubscribe?.()
    this.#response.end()
  }

  #write(event: RegistryEvent): void {
    if (this.#hasEnded) return
    if (this.#response.writableLength > this.#init.settings.feedBufferBytesMax) {
      this.#letGo()
      return
    }
    this.#response.write(`id: ${event.cursor}\nevent: ${event.type}\ndata: ${JSON.stringify(eventJson(event))}\n\n`)
  }

  #letGo(): void {
    this.#init.metrics.count('dropped_total', { queue: 'events', reason: 'slow_reader' })
    this.#init.log.info('an event feed was ended, its reader is too slow', { requestId: this.#start.requestId })
    // Without an id, so that the reader resumes after the last event it got.
    this.#response.write('event: gap\ndata: {"type":"gap","reason":"slow_reader"}\n\n')
    this.end()
  }
}

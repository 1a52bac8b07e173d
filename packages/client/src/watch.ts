/**
 * The feed of transitions as an endless loop: connect, read, and after a loss connect again with the cursor of the last
 * event. The first try after a loss is at the same node, which still holds what was missed; then the next in the list. A
 * cursor counts at its node and in its run only: elsewhere the node answers with a `gap`, and so does this loop where it
 * had no cursor yet.
 */
import { parseJsonObject } from '@rollcall/protocol'
import type { TransitionEvent } from './answers.ts'
import { backoffMs } from './backoff.ts'
import { type Clock, pause, type Random } from './clock.ts'
import { errorOfAnswer, RollcallError } from './errors.ts'
import { chunksOf, type Fetch, reasonOf } from './http/exchange.ts'
import { follow } from './http/follow.ts'
import { type ServerSentEvent, SseParser } from './http/sse.ts'
import { Roster } from './roster.ts'

export interface WatchOptions {
  /** Cursor of the last event known; without it the feed begins now. */
  readonly since?: string
  /** Only events of this entity, and gaps. */
  readonly entity?: string
  /** Ends the loop without an error. */
  readonly signal?: AbortSignal
  /** Told of each loss, with the time until the next try. */
  readonly onLoss?: (loss: {
    readonly registry: string
    readonly error: RollcallError
    readonly retryInMs: number
  }) => void
}

interface Io {
  readonly fetch: Fetch
  readonly clock: Clock
  readonly random: Random
}

/** A feed in which nothing came for so long, no comment either, is taken for dead. */
const SILENCE_MS = 90_000
const CONNECT_TIMEOUT_MS = 10_000

/** @throws RollcallError where a node refuses the request itself; other failures are retried for ever. */
export async function* watchEvents(
  io: Io,
  registries: readonly string[],
  options: WatchOptions,
): AsyncGenerator<TransitionEvent> {
  const roster = new Roster(registries)
  let cursor = options.since
  let mayHaveMissed = false
  for (let failures = 0; options.signal?.aborted !== true; ) {
    let error: RollcallError
    const parser = new SseParser()
    try {
      for await (const event of readFeed(io, roster.current, { since: cursor, parser, signal: options.signal })) {
        failures = 0
        if (event === 'open') {
          if (mayHaveMissed) yield { type: 'gap', cursor: '' }
          mayHaveMissed = false
          continue
        }
        cursor = event.cursor
        if (options.entity === undefined || event.entity_id === options.entity || event.type === 'gap') yield event
      }
      error = new RollcallError('unreachable', `${roster.current} ended the feed`, { registry: roster.current })
    } catch (thrown) {
      if (options.signal?.aborted) return
      if (!(thrown instanceof RollcallError) || !thrown.retryable) throw thrown
      error = thrown
    }
    if (parser.lastId !== '') cursor = parser.lastId
    mayHaveMissed ||= cursor === undefined
    const registry = roster.current
    if (failures > 0) roster.advance()
    const retryInMs = backoffMs(failures++, io.random.next())
    options.onLoss?.({ registry, error, retryInMs })
    await pause(io.clock, retryInMs, options.signal)
  }
}

/** What comes from one connection: `open` once the node takes it, then its events. */
async function* readFeed(
  io: Io,
  registry: string,
  feed: { readonly since: string | undefined; readonly parser: SseParser; readonly signal: AbortSignal | undefined },
): AsyncGenerator<TransitionEvent | 'open'> {
  const { since, parser, signal } = feed
  const watchdog = new Watchdog(io.clock, CONNECT_TIMEOUT_MS, signal)
  const path = since === undefined ? '/v1/events' : `/v1/events?since=${encodeURIComponent(since)}`
  try {
    const response = await io.fetch(registry + path, {
      headers: { accept: 'text/event-stream' },
      redirect: 'error',
      signal: watchdog.signal,
    })
    if (!response.ok || response.body === null) throw await refusal(response, registry)
    yield 'open'
    const decoder = new TextDecoder()
    watchdog.restart(SILENCE_MS)
    for await (const chunk of chunksOf(response.body, watchdog.signal)) {
      watchdog.restart(SILENCE_MS)
      for (const event of parser.push(decoder.decode(chunk, { stream: true }))) {
        const transition = transitionOf(event)
        if (transition !== undefined) yield transition
      }
    }
  } catch (error) {
    if (error instanceof RollcallError) throw error
    const reason = watchdog.signal.aborted ? 'nothing came for too long' : reasonOf(error)
    throw new RollcallError('unreachable', `${registry}: ${reason}`, { registry, cause: error })
  } finally {
    watchdog.stop()
  }
}

const refusal = async (response: Response, registry: string): Promise<RollcallError> =>
  errorOfAnswer({
    status: response.status,
    body: await response.text(),
    registry,
    requestId: response.headers.get('x-request-id'),
    retryAfter: response.headers.get('retry-after'),
  })

/**
 * The transition an event carries; what is none is left out. So is the farewell to a slow reader: the feed is taken up
 * after the last event it got, so nothing is lost, or else the node says so then.
 */
const transitionOf = (event: ServerSentEvent): TransitionEvent | undefined => {
  const data = parseJsonObject(event.data)
  if (data === undefined || data.reason === 'slow_reader') return undefined
  const cursor = event.id !== '' ? event.id : data.cursor
  const type = typeof data.type === 'string' ? data.type : event.event
  return typeof cursor === 'string' ? { ...data, cursor, type } : undefined
}

/** Aborts its signal when it was not restarted in time, or when the caller's signal is. */
class Watchdog {
  readonly #clock: Clock
  readonly #controller = new AbortController()
  readonly #release: () => void
  #cancel: () => void = () => undefined

  constructor(clock: Clock, withinMs: number, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.#release = follow(this.#controller, signal)
    this.restart(withinMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  restart(withinMs: number): void {
    this.#cancel()
    this.#cancel = this.#clock.schedule(withinMs, () => this.#controller.abort())
  }

  stop(): void {
    this.#cancel()
    this.#release()
  }
}

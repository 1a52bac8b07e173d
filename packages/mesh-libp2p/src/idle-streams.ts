import type { Connection, Stream } from '@libp2p/interface'
import type { Clock, MeshProtocol } from '@rollcall/core'
import { IDLE_STREAMS_MAX, REUSE_MS } from './settings.ts'

interface Idle {
  readonly stream: Stream
  readonly sinceMs: number
  readonly cancel: () => void
}

/**
 * Streams on which a request was answered, kept for the next request to the same peer: to open one costs both sides a
 * negotiation and a round trip, which is more than most requests cost themselves.
 */
export class IdleStreams {
  readonly #clock: Clock
  readonly #idle = new Map<string, Idle[]>()
  #stopped = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The stream that was used last, if it can be used again. */
  take(connection: Connection, protocol: MeshProtocol): Stream | undefined {
    const key = keyOf(connection, protocol)
    const newest = (): Idle | undefined => this.#idle.get(key)?.at(-1)
    for (let last = newest(); last !== undefined; last = newest()) {
      this.#forget(key, last)
      // Not by its timer alone: where this process was stopped meanwhile, that has yet to fire.
      const isFresh = this.#clock.monotonicMs() - last.sinceMs < REUSE_MS
      if (isFresh && isUsable(last.stream)) return last.stream
      last.stream.abort(new Error('not used for long'))
    }
    return undefined
  }

  /** Takes a stream whose request was answered, or closes it where it is of no more use. */
  keep(connection: Connection, protocol: MeshProtocol, stream: Stream): void {
    const key = keyOf(connection, protocol)
    const beside = this.#idle.get(key) ?? []
    if (this.#stopped || beside.length >= IDLE_STREAMS_MAX || !isUsable(stream)) {
      stream.abort(new Error('not needed any more'))
      return
    }
    const idle: Idle = {
      stream,
      sinceMs: this.#clock.monotonicMs(),
      cancel: this.#clock.schedule(REUSE_MS, () => {
        this.#forget(key, idle)
        stream.abort(new Error('not used for long'))
      }),
    }
    this.#idle.set(key, [...beside, idle])
  }

  /** Closes all, and from now on keeps none. */
  stop(): void {
    this.#stopped = true
    for (const { stream, cancel } of [...this.#idle.values()].flat()) {
      cancel()
      stream.abort(new Error('this mesh was stopped'))
    }
    this.#idle.clear()
  }

  #forget(key: string, idle: Idle): void {
    idle.cancel()
    const left = (this.#idle.get(key) ?? []).filter((other) => other !== idle)
    if (left.length > 0) this.#idle.set(key, left)
    else this.#idle.delete(key)
  }
}

const keyOf = (connection: Connection, protocol: MeshProtocol): string => `${connection.id} ${protocol}`

/** Open both ways, and with nothing in it that nobody asked for. */
const isUsable = ({ status, writeStatus, remoteWriteStatus, readBufferLength }: Stream): boolean =>
  status === 'open' && writeStatus === 'writable' && remoteWriteStatus === 'writable' && readBufferLength === 0

import type { Stream, StreamMessageEvent } from '@libp2p/interface'
import type { Clock } from '@rollcall/core'

/** A stream on which a peer asks, and the time it has for that. */
export class InboundStream {
  readonly stream: Stream
  readonly #clock: Clock
  readonly #onOver: () => void
  readonly #gone = new AbortController()
  readonly #late = new AbortController()
  #cancel: () => void = () => undefined
  #isDone = false

  /** `onOver` is called when it is both closed and done with. */
  constructor(init: { readonly stream: Stream; readonly clock: Clock; readonly onOver: () => void }) {
    this.stream = init.stream
    this.#clock = init.clock
    this.#onOver = init.onOver
    this.stream.addEventListener('close', ({ error }) => {
      this.#gone.abort(error ?? new Error('the peer closed the stream'))
      this.#overIfDone()
    })
  }

  /** Aborts when the stream is closed, whoever closed it. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  /** Aborts when its time is over. */
  get late(): AbortSignal {
    return this.#late.signal
  }

  /** From now on it has so long, whatever it had before, and then it is ended. */
  endAfter(ms: number, why: string): void {
    this.#cancel()
    this.#cancel = this.#clock.schedule(ms, () => this.end(new Error(why)))
  }

  end(error: Error): void {
    this.#cancel()
    this.#late.abort(error)
    this.stream.abort(error)
  }

  /** Nothing works on it any more. Where the peer keeps it open nonetheless, the time it was given last ends it. */
  done(): void {
    this.#isDone = true
    this.#overIfDone()
  }

  /**
   * Resolves with whether another question begins here. Its first bytes stay in the stream, which is paused: a question that
   * waits for its turn must not be read, and its sender stops after the first window of 256 KiB.
   */
  isAsked(): Promise<boolean> {
    const { stream } = this
    return new Promise((resolve) => {
      const settle = (asked: boolean): void => {
        stream.removeEventListener('message', onMessage)
        stream.removeEventListener('remoteCloseWrite', onEnd)
        stream.removeEventListener('close', onEnd)
        resolve(asked)
      }
      const onMessage = ({ data }: StreamMessageEvent): void => {
        stream.pause()
        stream.unshift(data)
        settle(true)
      }
      const onEnd = (): void => settle(false)
      stream.addEventListener('message', onMessage)
      stream.addEventListener('remoteCloseWrite', onEnd)
      stream.addEventListener('close', onEnd)
      const isOpen = stream.status === 'open' && stream.remoteWriteStatus === 'writable'
      if (!isOpen && stream.readBufferLength === 0) settle(false)
    })
  }

  #overIfDone(): void {
    if (!this.#isDone || this.stream.status === 'open') return
    this.#cancel()
    this.#onOver()
  }
}

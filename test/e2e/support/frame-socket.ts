/** A WebSocket that keeps what it hears, and waits for it with a deadline. */
import { WebSocket } from 'ws'
import { within } from './wait.ts'

export type Frame = Readonly<Record<string, unknown>>

export interface Closed {
  readonly code: number
  readonly reason: string
}

const DEADLINE_MS = 5_000

export class FrameSocket {
  readonly ws: WebSocket
  /** Every frame, in order. */
  readonly frames: Frame[] = []
  #closed: Closed | undefined
  #read = 0
  #wake: () => void = () => undefined

  private constructor(url: string) {
    this.ws = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false })
    this.ws.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)))
      this.#wake()
    })
    this.ws.on('error', (error) => this.frames.push({ type: 'client_error', message: error.message }))
    this.ws.on('close', (code, reason) => {
      this.#closed = { code, reason: reason.toString() }
      this.#wake()
    })
  }

  static async open(url: string): Promise<FrameSocket> {
    const socket = new FrameSocket(url)
    const opened = new Promise<void>((resolve, reject) => {
      socket.ws.once('open', resolve)
      socket.ws.once('close', () => reject(new Error(`no socket at ${url}: ${JSON.stringify(socket.frames)}`)))
    })
    await within(DEADLINE_MS, `socket to ${url}`, opened)
    return socket
  }

  get isOpen(): boolean {
    return this.ws.readyState === WebSocket.OPEN
  }

  /** Sends text as text, bytes as a binary frame, anything else as JSON. */
  send(frame: object | string | Uint8Array): void {
    this.ws.send(typeof frame === 'string' || frame instanceof Uint8Array ? frame : JSON.stringify(frame))
  }

  /** The next frame not yet read; an error where the socket was closed before one came. */
  async next(): Promise<Frame> {
    await this.#until('a frame', () => this.frames.length > this.#read || this.#closed !== undefined)
    const frame = this.frames[this.#read]
    if (frame === undefined) throw new Error(`closed with ${this.#closed?.code} ${this.#closed?.reason}`)
    this.#read++
    return frame
  }

  /** The next frame of this type; those before it are passed over. */
  async nextOf(type: string): Promise<Frame> {
    const passed: Frame[] = []
    const wait = async (): Promise<Frame> => {
      for (;;) {
        const frame = await this.next()
        if (frame.type === type) return frame
        passed.push(frame)
      }
    }
    try {
      return await wait()
    } catch (error) {
      throw new Error(`no frame of type ${type}, but ${JSON.stringify(passed)}`, { cause: error })
    }
  }

  /** The error code of the next frame, which is an error. */
  async nextError(): Promise<unknown> {
    return (await this.nextOf('error')).error
  }

  async closed(ms = DEADLINE_MS): Promise<Closed> {
    await this.#until('the close', () => this.#closed !== undefined, ms)
    return this.#closed ?? { code: 0, reason: '' }
  }

  /** Ends the socket as a client would, and waits for the end. */
  async close(): Promise<void> {
    this.ws.close()
    await this.closed()
  }

  async #until(what: string, isSo: () => boolean, ms = DEADLINE_MS): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!isSo()) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    await within(ms, `${what} of ${this.ws.url}`, wait())
  }
}

/** The HTTP answer to an upgrade that is refused. */
export const refusedUpgrade = (url: string): Promise<{ readonly status: number; readonly body: Frame }> =>
  within(
    DEADLINE_MS,
    `the refusal of ${url}`,
    new Promise((resolve, reject) => {
      const ws = new WebSocket(url.replace(/^http/, 'ws'))
      ws.on('open', () => {
        ws.terminate()
        reject(new Error('the upgrade was accepted'))
      })
      ws.on('error', reject)
      ws.on('unexpected-response', (_request, response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += String(chunk)
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) }))
      })
    }),
  )

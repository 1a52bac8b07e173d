/** A WebSocket client that remembers what it heard, and waits with a deadline. */
import type { IncomingMessage } from 'node:http'
import { type ClientOptions, WebSocket } from 'ws'
import { within } from './within.ts'

export interface Closed {
  readonly code: number
  readonly reason: string
}

type Frame = Readonly<Record<string, unknown>>

export class SocketClient {
  readonly ws: WebSocket
  readonly frames: Frame[] = []
  readonly closed: Promise<Closed>
  pings = 0
  #read = 0
  #wake: () => void = () => {}

  constructor(url: string, options: ClientOptions = {}) {
    this.ws = new WebSocket(url, { perMessageDeflate: false, ...options })
    this.ws.on('message', (data) => {
      this.frames.push(JSON.parse(String(data)))
      this.#wake()
    })
    this.ws.on('ping', () => {
      this.pings++
      this.#wake()
    })
    this.closed = new Promise((resolve, reject) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
      this.ws.on('error', reject)
    })
    // A test that does not await the close is not interested in how the socket ended.
    this.closed.catch((error: Error) => this.frames.push({ clientError: error.message }))
  }

  static async open(url: string, options: ClientOptions = {}): Promise<SocketClient> {
    const client = new SocketClient(url, options)
    await within(
      'the socket to open',
      Promise.race([
        new Promise<void>((resolve) => client.ws.once('open', resolve)),
        client.closed.then((closed) => Promise.reject(new Error(`closed with ${closed.code}`))),
      ]),
    )
    return client
  }

  send(frame: object | string): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The next frame not yet read. */
  async next(): Promise<Frame> {
    await this.until('a frame', () => this.frames.length > this.#read)
    return this.frames[this.#read++] ?? {}
  }

  /** Waits for something that a frame or a ping brings about. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!isSo()) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
    await within(what, wait())
  }

  close(): void {
    this.ws.close()
  }
}

/** The HTTP answer to an upgrade that is refused. */
export const refusedUpgrade = (
  url: string,
  options: ClientOptions = {},
): Promise<{
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly headers: IncomingMessage['headers']
}> =>
  within(
    'the refusal of an upgrade',
    new Promise((resolve, reject) => {
      const ws = new WebSocket(url, options)
      ws.on('open', () => reject(new Error('the upgrade was accepted')))
      ws.on('error', reject)
      ws.on('unexpected-response', (_request, response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += String(chunk)
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body: JSON.parse(text), headers: response.headers }),
        )
      })
    }),
  )

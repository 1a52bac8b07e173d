/** A raw WebSocket of no SDK, for what a test wants to say itself; and HTTP upgrades by hand, as the documentation's `curl`. */
import { connect } from 'node:net'
import { WebSocket } from 'ws'
import { until, within } from '../../e2e/support/wait.ts'
import { objectOf } from './http.ts'

export class RawSocket {
  readonly ws: WebSocket
  readonly frames: Record<string, unknown>[] = []
  closedWith: number | undefined
  #read = 0

  private constructor(url: string) {
    this.ws = new WebSocket(url.replace(/^http/, 'ws'), { perMessageDeflate: false })
    this.ws.on('message', (data) => this.frames.push(objectOf(JSON.parse(String(data)))))
    this.ws.on('close', (code) => {
      this.closedWith = code
    })
  }

  /** Resolves once it is open; rejects with the status of a refusal. */
  static async open(url: string): Promise<RawSocket> {
    const socket = new RawSocket(url)
    const opened = new Promise<void>((resolve, reject) => {
      socket.ws.once('open', () => resolve())
      socket.ws.once('error', reject)
    })
    await within(10_000, `a socket to ${url}`, opened)
    return socket
  }

  get isOpen(): boolean {
    return this.ws.readyState === WebSocket.OPEN
  }

  send(frame: unknown): void {
    this.ws.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** The next frame not yet read. */
  async next(): Promise<Record<string, unknown>> {
    await until(5_000, 'a frame', async () => this.frames.length > this.#read)
    return this.frames[this.#read++] ?? {}
  }

  /** Resolves once everything sent before was received and its answers, if any, have come. */
  async settled(): Promise<void> {
    const pong = new Promise<void>((resolve) => this.ws.once('pong', () => resolve()))
    this.ws.ping()
    await within(5_000, 'the pong', pong)
  }

  end(): void {
    this.ws.terminate()
  }
}

/** The status line and headers with which a node answers a request written by hand. */
export const answerTo = (url: string, path: string, headers: readonly string[]): Promise<string> => {
  const { hostname, port, host } = new URL(url)
  const head = new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => {
      socket.write([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...headers, '\r\n'].join('\r\n'))
    })
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      if (!text.includes('\r\n\r\n')) return
      socket.destroy()
      resolve(text)
    })
  })
  return within(5_000, `an answer at ${path}`, head)
}

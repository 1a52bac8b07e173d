/** Beats in Zynd's form, as clients send them that know one node only: a lost connection is made again to the same one. */

import { WebSocket } from 'ws'
import type { ZyndAgent } from '../e2e/support/zynd-agent.ts'

export class PinnedBeats {
  areHeard = false
  readonly #agent: ZyndAgent
  readonly #address: string
  readonly #timer: NodeJS.Timeout
  #socket: WebSocket | undefined

  constructor(agent: ZyndAgent, url: string, intervalMs: number) {
    this.#agent = agent
    this.#address = `${url.replace('http', 'ws')}/v1/entities/${agent.id}/ws?ack=1`
    this.#timer = setInterval(() => this.#beat(), intervalMs)
    this.#beat()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#socket?.terminate()
  }

  #beat(): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(this.#agent.frame())
    else if (this.#socket === undefined) this.#connect()
  }

  #connect(): void {
    const socket = new WebSocket(this.#address, { perMessageDeflate: false, handshakeTimeout: 5_000 })
    this.#socket = socket
    socket.on('open', () => this.#beat())
    socket.on('message', (data) => {
      this.areHeard ||= JSON.parse(String(data)).type === 'ack'
    })
    // The close that follows is what counts.
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.areHeard = false
      this.#socket = undefined
    })
  }
}

/**
 * Asks the origin for numbered messages that are missing (G4); where they are many, or it cannot give them all, a sync repairs
 * the rest. After a split a sync is cheaper: it brings an entry once, whoever announced it, and without the seal of a message.
 */
import type { Log, Mesh, MessageVerdict } from '@rollcall/core'
import { decodeWith, encode, LIMITS, type NodeId, refuse } from '@rollcall/protocol'

export interface RepairInit {
  readonly mesh: Mesh
  readonly log: Log
  /** Messages this node sealed in a run, from number `from` on, up to the first that is no longer kept. */
  readonly sealed: (run: number, from: number, to: number) => Iterable<Uint8Array>
  readonly receive: (message: Uint8Array) => Promise<MessageVerdict>
  readonly sync: (peer: NodeId) => Promise<boolean>
}

const TIMEOUT_MS = 5_000
/** To read and to write an answer takes some milliseconds, and so long the event loop waits. */
const ANSWER_BYTES_MAX: number = 256 * 1024

export class Repair {
  readonly #init: RepairInit

  constructor(init: RepairInit) {
    this.#init = init
  }

  async request(origin: NodeId, run: number, from: number, to: number): Promise<void> {
    const { mesh, log, sync } = this.#init
    const wanted = to - from + 1
    if (mesh.connectedPeers().includes(origin) && wanted <= LIMITS.repairRangeMax) {
      try {
        const found = await this.#bring(origin, run, from, to)
        log.debug('missing messages were repaired', { origin, from, to, found })
        if (found >= wanted) return
      } catch (error) {
        log.debug('the origin did not repair missing messages', { origin, from, to, error })
      }
    }
    const peer = mesh.connectedPeers().includes(origin) ? origin : mesh.connectedPeers()[0]
    if (peer !== undefined) await sync(peer)
  }

  answer(body: Uint8Array): Uint8Array {
    const request = decodeWith('repair request', body, 64, (reader) => ({
      run: reader.uint('run'),
      from: reader.uint('from'),
      to: reader.uint('to'),
    }))
    if (!request.ok) throw new Error(request.message)
    const { run, from, to } = request.value
    const messages: Uint8Array[] = []
    let bytes = 0
    for (const message of this.#init.sealed(run, from, Math.min(to, from + LIMITS.repairRangeMax - 1))) {
      bytes += message.length + 8
      // The first always goes: one message is less than an answer may have.
      if (messages.length > 0 && bytes > ANSWER_BYTES_MAX) break
      messages.push(message)
    }
    return encode([messages])
  }

  /** Takes in the messages as far as the origin keeps them, an answer at a time; resolves with how many they were. */
  async #bring(origin: NodeId, run: number, from: number, to: number): Promise<number> {
    for (let next = from; next <= to; ) {
      const messages = await this.#ask(origin, run, next, to)
      if (messages.length === 0) return next - from
      for (const message of messages) await this.#init.receive(message)
      next += messages.length
    }
    return to - from + 1
  }

  async #ask(origin: NodeId, run: number, from: number, to: number): Promise<Uint8Array[]> {
    const body = encode([run, from, to])
    const options = { timeoutMs: TIMEOUT_MS, maxResponseBytes: ANSWER_BYTES_MAX + LIMITS.gossipBytesMax }
    const answer = await this.#init.mesh.request(origin, '/rollcall/repair/1', body, options)
    const decoded = decodeWith('repair answer', answer, options.maxResponseBytes, (reader) =>
      reader.list('messages', LIMITS.repairRangeMax, (value) =>
        value instanceof Uint8Array ? value : refuse('a message is not bytes'),
      ),
    )
    if (!decoded.ok) throw new Error(decoded.message)
    return decoded.value
  }
}

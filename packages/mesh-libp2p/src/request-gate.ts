import type { NodeId } from '@rollcall/protocol'

export interface GateInit {
  readonly runningMax: number
  readonly runningPerPeerMax: number
  readonly waitingMax: number
}

interface Waiter {
  readonly peer: NodeId
  admit(): void
}

/**
 * Lets a bounded number of requests run at once, in all and per peer. The rest waits in order of arrival, except that a
 * peer at its own limit is passed over, so a slow one holds up nobody else.
 */
export class RequestGate {
  readonly #init: GateInit
  readonly #waiting: Waiter[] = []
  readonly #runningByPeer = new Map<NodeId, number>()
  #running = 0

  constructor(init: GateInit) {
    this.#init = init
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Whether a request of `peer` would run at once. */
  isFree(peer: NodeId): boolean {
    const ofPeer = this.#runningByPeer.get(peer) ?? 0
    return this.#running < this.#init.runningMax && ofPeer < this.#init.runningPerPeerMax
  }

  /**
   * Waits for a place and resolves with the function that gives it back, or at once with undefined where too many wait.
   * Rejects with the reason of `signal` when it aborts first.
   */
  enter(peer: NodeId, signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (this.isFree(peer)) return Promise.resolve(this.#take(peer))
    if (this.#waiting.length >= this.#init.waitingMax) return Promise.resolve(undefined)
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        peer,
        admit: () => {
          signal.removeEventListener('abort', onAbort)
          resolve(this.#take(peer))
        },
      }
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  #take(peer: NodeId): () => void {
    this.#running++
    this.#runningByPeer.set(peer, (this.#runningByPeer.get(peer) ?? 0) + 1)
    let given = false
    return () => {
      if (given) return
      given = true
      this.#running--
      const left = (this.#runningByPeer.get(peer) ?? 1) - 1
      if (left > 0) this.#runningByPeer.set(peer, left)
      else this.#runningByPeer.delete(peer)
      this.#admitNext()
    }
  }

  #admitNext(): void {
    const index = this.#waiting.findIndex(({ peer }) => this.isFree(peer))
    if (index >= 0) this.#waiting.splice(index, 1)[0]?.admit()
  }
}

/** A timer waiting in a `TimerHeap`. `sequence` is the order of scheduling, so equal times run first come, first served. */
export interface Timer {
  readonly dueMs: number
  readonly sequence: number
  readonly run: () => void
  cancelled: boolean
}

const before = (a: Timer, b: Timer): boolean => (a.dueMs === b.dueMs ? a.sequence < b.sequence : a.dueMs < b.dueMs)

/**
 * Timers in order of (time, sequence), as a binary heap.
 *
 * A cancelled timer stays until it reaches the top or until cancelled ones are more than half of the heap: leases are
 * re-armed on every heartbeat, so without that sweep a long simulation would hold every timer it ever cancelled.
 */
export class TimerHeap {
  #heap: Timer[] = []
  #cancelled = 0

  /** Timers that will still run. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  push(timer: Timer): void {
    this.#heap.push(timer)
    this.#rise(this.#heap.length - 1)
  }

  cancel(timer: Timer): void {
    if (timer.cancelled) return
    timer.cancelled = true
    this.#cancelled++
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) this.#sweep()
  }

  /** The next timer to run, left in place. */
  peek(): Timer | undefined {
    while (this.#heap[0]?.cancelled) {
      this.#removeTop()
      this.#cancelled--
    }
    return this.#heap[0]
  }

  pop(): Timer | undefined {
    const top = this.peek()
    if (top === undefined) return undefined
    this.#removeTop()
    // From here on a cancellation has nothing to do, and must not be counted as one in the heap.
    top.cancelled = true
    return top
  }

  #removeTop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    this.#sink(0)
  }

  #sweep(): void {
    this.#heap = this.#heap.filter((timer) => !timer.cancelled)
    this.#cancelled = 0
    for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#sink(i)
  }

  #rise(start: number): void {
    let i = start
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.#swapIfBefore(i, parent)) return
      i = parent
    }
  }

  #sink(start: number): void {
    let i = start
    for (;;) {
      const left = 2 * i + 1
      const right = left + 1
      const child = this.#isBefore(right, left) ? right : left
      if (!this.#swapIfBefore(child, i)) return
      i = child
    }
  }

  #isBefore(i: number, j: number): boolean {
    const a = this.#heap[i]
    const b = this.#heap[j]
    return a !== undefined && b !== undefined && before(a, b)
  }

  #swapIfBefore(i: number, j: number): boolean {
    const a = this.#heap[i]
    const b = this.#heap[j]
    if (a === undefined || b === undefined || !before(a, b)) return false
    this.#heap[i] = b
    this.#heap[j] = a
    return true
  }
}

/** Numbers of one array. Small enough that an index of few documents stays small, large enough to be few. */
const CHUNK_NUMBERS = 2048

/**
 * Cells of `size` numbers each, cut from few typed arrays: an array of its own costs some 200 bytes beside its numbers,
 * and an index has tens of thousands of short lists. No cell is ever moved, so taking one never copies the others. Cells
 * that fill an array of their own give it back when they are released; the others are kept for whoever takes one next.
 */
export class CellPool {
  readonly size: number
  readonly #cellsPerChunk: number
  readonly #chunks: (Uint32Array | undefined)[] = []
  readonly #free: number[] = []
  #end = 0

  constructor(size: number) {
    this.size = size
    this.#cellsPerChunk = Math.max(1, Math.floor(CHUNK_NUMBERS / size))
  }

  /** A cell that no one has; what it holds is left over. */
  take(): number {
    const cell = this.#free.pop() ?? this.#end
    if (cell === this.#end) this.#end += 1
    const chunk = Math.floor(cell / this.#cellsPerChunk)
    this.#chunks[chunk] ??= new Uint32Array(this.#cellsPerChunk * this.size)
    return cell
  }

  release(cell: number): void {
    this.#free.push(cell)
    if (this.#cellsPerChunk === 1) this.#chunks[cell] = undefined
  }

  /** The array that the cell is a part of, from `start` on. */
  chunk(cell: number): Uint32Array {
    const chunk = this.#chunks[Math.floor(cell / this.#cellsPerChunk)]
    if (chunk === undefined) throw new RangeError(`cell ${cell} is not taken`)
    return chunk
  }

  start(cell: number): number {
    return (cell % this.#cellsPerChunk) * this.size
  }
}

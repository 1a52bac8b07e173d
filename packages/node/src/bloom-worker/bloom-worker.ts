import { setImmediate } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { Conversation } from './conversation.ts'
import { spawnBuilder } from './spawn-builder.ts'

/** Words of one message. Copying so many holds the event loop for about a third of a millisecond. */
const CHUNK_WORDS = 1000

export interface BloomWorkerInit {
  /** Share of needless questions the filter may cause, above 0 and below 1. */
  readonly falsePositiveRate: number
}

/**
 * Builds a bloom filter off the main thread (F2). Each rebuild has a thread of its own: between two, minutes apart, none
 * takes memory, and one that fails takes nothing with it.
 */
export class BloomWorker {
  readonly #falsePositiveRate: number
  #worker: Worker | undefined
  #stopped = false

  constructor(init: BloomWorkerInit) {
    this.#falsePositiveRate = init.falsePositiveRate
  }

  /**
   * An encoded filter of the words, which are read a thousand at a time with turns of the event loop between; words that
   * come up meanwhile are the caller's to add. One rebuild at a time.
   *
   * Rejects when the thread fails, when `stop` is called, and when a rebuild is under way.
   */
  async rebuild(words: Iterable<string>): Promise<Uint8Array> {
    if (this.#stopped) throw new Error('the bloom worker is stopped')
    if (this.#worker !== undefined) throw new Error('a rebuild of the filter is under way')
    const worker = spawnBuilder()
    this.#worker = worker
    const builder = new Conversation(worker)
    try {
      for (const chunk of chunksOf(words)) {
        await builder.ask({ kind: 'words', words: chunk })
        await setImmediate()
      }
      const answer = await builder.ask({ kind: 'build', falsePositiveRate: this.#falsePositiveRate })
      if (answer.kind !== 'built') throw new Error(`the thread that builds the filter answered ${answer.kind}`)
      return answer.filter
    } finally {
      this.#worker = undefined
      await worker.terminate()
    }
  }

  /** Ends a rebuild under way, whose promise is rejected, and refuses others. Resolves when the thread is gone. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.#worker?.terminate()
  }
}

function* chunksOf(words: Iterable<string>): Iterable<readonly string[]> {
  let chunk: string[] = []
  for (const word of words) {
    chunk.push(word)
    if (chunk.length < CHUNK_WORDS) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}

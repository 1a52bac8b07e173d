import type { Worker } from 'node:worker_threads'
import type { FromBuilder, ToBuilder } from './messages.ts'

interface Waiting {
  readonly resolve: (answer: FromBuilder) => void
  readonly reject: (error: Error) => void
}

/** Question and answer with a thread, one at a time. Once the thread has failed or ended, every question is rejected. */
export class Conversation {
  readonly #worker: Worker
  #waiting: Waiting | undefined
  #over: Error | undefined

  constructor(worker: Worker) {
    this.#worker = worker
    worker.on('message', (answer: FromBuilder) => this.#take()?.resolve(answer))
    worker.on('error', (error: Error) => this.#end(error))
    worker.on('exit', () => this.#end(new Error('the thread that builds the filter ended before it was done')))
  }

  ask(question: ToBuilder): Promise<FromBuilder> {
    return new Promise((resolve, reject) => {
      if (this.#over !== undefined) return reject(this.#over)
      this.#waiting = { resolve, reject }
      this.#worker.postMessage(question)
    })
  }

  #end(error: Error): void {
    this.#over ??= error
    this.#take()?.reject(this.#over)
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting
    this.#waiting = undefined
    return waiting
  }
}

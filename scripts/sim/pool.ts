import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { PlanOptions } from '@rollcall/simulator'
import type { Result } from './result.ts'

const worker = fileURLToPath(new URL('./worker.ts', import.meta.url))

/** Runs histories on `size` processes. `next` gives the seeds, one at a time; undefined where there is none left. */
export async function runPool(init: {
  size: number
  plan: PlanOptions
  next: () => string | undefined
  onResult: (result: Result) => void
}): Promise<void> {
  await Promise.all(Array.from({ length: init.size }, () => runWorker(init)))
}

async function runWorker(init: Parameters<typeof runPool>[0]): Promise<void> {
  for (;;) {
    const isDone = await new Promise<boolean>((resolve, reject) => {
      const child: ChildProcess = fork(worker)
      let task: string | undefined
      const give = (): void => {
        task = init.next()
        if (task === undefined) child.disconnect()
        else child.send({ seed: task, plan: init.plan })
      }
      child.on('message', (message: Result | 'ready') => {
        if (message !== 'ready') {
          task = undefined
          init.onResult(message)
          if (message.broken === true) return
        }
        give()
      })
      child.on('error', reject)
      child.on('exit', (code) => {
        if (task !== undefined) {
          const sentence = `the process ended with code ${code}`
          init.onResult({ seed: task, failure: { checker: 'no-internal-error', sentence, atMs: 0 } })
        }
        resolve(code === 0)
      })
    })
    // A process that died over its history is replaced by a new one.
    if (isDone) return
  }
}

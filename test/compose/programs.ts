/** Programs that run to their end. */

import { type SpawnOptions, spawn } from 'node:child_process'

const OUTPUT_LINES = 60

/** Standard output of a program. Rejects with the end of all it wrote if it fails. */
export function output(program: string, args: readonly string[], options: SpawnOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let all = ''
    child.stdout?.on('data', (text: Buffer) => {
      out += text
      all += text
    })
    child.stderr?.on('data', (text: Buffer) => {
      all += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(out)
      const end = all.trimEnd().split('\n').slice(-OUTPUT_LINES).join('\n')
      reject(new Error(`${program} ${args.join(' ')} ended with ${signal ?? `code ${code}`}:\n${end}`))
    })
  })
}

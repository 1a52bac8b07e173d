/** The thread that builds one filter: it takes words until told to build, answers with the bytes, and ends. */
import { parentPort } from 'node:worker_threads'
import { buildFilter, createHasher } from '@rollcall/search/bloom'
import type { FromBuilder, ToBuilder } from './messages.ts'

const port = parentPort
if (port === null) throw new Error('this file is the entry of a worker thread')

const chunks: (readonly string[])[] = []
const hasher = await createHasher()

function* words(): Iterable<string> {
  for (const chunk of chunks) yield* chunk
}

port.on('message', (message: ToBuilder) => {
  if (message.kind === 'words') {
    chunks.push(message.words)
    port.postMessage({ kind: 'taken' } satisfies FromBuilder)
    return
  }
  const filter = buildFilter(hasher, words(), message.falsePositiveRate).encode()
  // Handed over, not copied: a copy of 16 MiB would stop the main thread for milliseconds.
  port.postMessage({ kind: 'built', filter } satisfies FromBuilder, [filter.buffer as ArrayBuffer])
  port.close()
})

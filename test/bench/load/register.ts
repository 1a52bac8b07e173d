/** Signed registrations over HTTP, some at a time, on connections that are kept. */
import { Agent, request } from 'node:http'
import { inParallel, signRegistrations } from '../../e2e/support/crowd.ts'
import { answer, quantiles } from './other-process.ts'

export interface RegisterInput {
  readonly url: string
  readonly prefix: string
  readonly count: number
  readonly concurrency: number
}

export interface RegisterOutput {
  readonly registered: number
  readonly refused: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const post = (url: URL, agent: Agent, body: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.on('error', reject)
    sent.end(body)
  })

answer(async ({ url, prefix, count, concurrency }: RegisterInput): Promise<RegisterOutput> => {
  const registrations = signRegistrations(prefix, count)
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const target = new URL('/v1/entities', url)
  const latenciesMs: number[] = []
  let refused = 0
  const startedMs = performance.now()
  await inParallel(registrations, concurrency, async ({ body }) => {
    const sentMs = performance.now()
    if ((await post(target, agent, body)) === 201) latenciesMs.push(performance.now() - sentMs)
    else refused++
  })
  const seconds = (performance.now() - startedMs) / 1_000
  agent.destroy()
  const [p50Ms = 0, p99Ms = 0] = quantiles(latenciesMs, [0.5, 0.99])
  return { registered: latenciesMs.length, refused, seconds, p50Ms, p99Ms }
})

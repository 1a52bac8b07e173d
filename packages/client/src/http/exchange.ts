/** One request to one registry, with a deadline, and its answer as JSON or a RollcallError. */
import { type JsonObject, parseJsonObject } from '@rollcall/protocol'
import type { Clock } from '../clock.ts'
import { errorOfAnswer, RollcallError } from '../errors.ts'
import { follow } from './follow.ts'

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** From the root of the registry, escaped, with its query: `/v1/search?q=a`. */
  readonly path: string
  /** JSON text. */
  readonly body?: string
  /** For what only an operator may do. */
  readonly adminToken?: string
  readonly signal?: AbortSignal | undefined
}

export interface Answer {
  readonly body: JsonObject
  readonly status: number
  readonly registry: string
  readonly requestId: string | undefined
}

export type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** No answer of the API comes near; a page of something else might. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024

/**
 * @throws RollcallError `unreachable` where no answer came, `timeout` where it did not come in time, else what the answer
 * says. The reason of `signal` where that was aborted.
 */
export const exchange = async (
  io: { readonly fetch: Fetch; readonly clock: Clock },
  registry: string,
  request: Request,
  timeoutMs: number,
): Promise<Answer> => {
  const limit = new AbortController()
  const cancel = io.clock.schedule(timeoutMs, () => limit.abort())
  const release = follow(limit, request.signal)
  try {
    const response = await io.fetch(registry + request.path, {
      method: request.method,
      headers: headersOf(request),
      ...(request.body === undefined ? {} : { body: request.body }),
      // A node never redirects; following one would carry a signed request to a stranger.
      redirect: 'error',
      signal: limit.signal,
    })
    const text = await readText(response, limit.signal)
    return read(response, text, registry)
  } catch (error) {
    if (error instanceof RollcallError) throw error
    if (request.signal?.aborted) throw request.signal.reason
    if (limit.signal.aborted) {
      throw new RollcallError('timeout', `${registry} did not answer within ${timeoutMs / 1000} s`, { registry })
    }
    throw new RollcallError('unreachable', `${registry}: ${reasonOf(error)}`, { registry, cause: error })
  } finally {
    cancel()
    release()
  }
}

const headersOf = ({ body, adminToken }: Request): Record<string, string> => ({
  accept: 'application/json',
  ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  ...(adminToken === undefined ? {} : { authorization: `Bearer ${adminToken}` }),
})

const read = (response: Response, text: string, registry: string): Answer => {
  const requestId = response.headers.get('x-request-id')
  const { status } = response
  if (!response.ok) {
    const retryAfter = response.headers.get('retry-after')
    throw errorOfAnswer({ status, body: text, registry, requestId, retryAfter })
  }
  const body = text === '' ? {} : parseJsonObject(text)
  if (body !== undefined) return { body, status, registry, requestId: requestId ?? undefined }
  throw new RollcallError('unreachable', `${registry} answers, but not with JSON: is it a registry?`, {
    registry,
    http: status,
  })
}

const readText = async (response: Response, signal: AbortSignal): Promise<string> => {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for await (const chunk of chunksOf(response.body, signal)) {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) throw new Error(`the answer is larger than ${ANSWER_BYTES_MAX} bytes`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

/**
 * The chunks of a body, until its end or until `signal` is aborted, with whose reason it then throws. The stream is
 * cancelled when the loop over it ends early. (Safari cannot iterate a stream.)
 *
 * The signal is heeded here too, although fetch was given the same: in Node 20 fetch forgets it once its request object is
 * collected as garbage, and a body that goes on for ever could then never be ended.
 */
export async function* chunksOf(stream: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  // Settles the read that waits; a stream that fetch has failed already refuses, and has nothing waiting.
  const cancel = (): Promise<unknown> => Promise.allSettled([reader.cancel()])
  signal.addEventListener('abort', cancel)
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
    signal.throwIfAborted()
  } finally {
    signal.removeEventListener('abort', cancel)
    await cancel()
  }
}

/** `fetch failed` says nothing; its cause says `connect ECONNREFUSED 127.0.0.1:8081`. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (cause instanceof AggregateError && cause.errors[0] instanceof Error) return cause.errors[0].message
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

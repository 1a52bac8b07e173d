/** HTTP as Python's `requests` and as Node's `fetch` speak it, down to headers and paths. */
import { request } from 'node:http'
import { within } from '../../e2e/support/wait.ts'

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON, an object; empty where it is none. */
  readonly body: Record<string, unknown>
}

export interface Call {
  readonly method?: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

/** Longer than any answer may take: a client without a timeout would hang (zynd-wire.md §4). */
const DEADLINE_MS = 10_000

const replyOf = (status: number, headers: Headers, text: string): Reply => {
  let body: Record<string, unknown> = {}
  if (/json/.test(headers.get('content-type') ?? '') && text !== '') {
    const value: unknown = JSON.parse(text)
    body = typeof value === 'object' && value !== null ? { ...value } : {}
  }
  return { status, headers, text, body }
}

/** As T calls: `fetch` with its defaults. A redirect would be followed, as T does. */
export const fetchCall = async (url: string, { method = 'GET', body, headers = {} }: Call = {}): Promise<Reply> => {
  const init = { method, headers, ...(body === undefined ? {} : { body }) }
  return within(
    DEADLINE_MS,
    `${method} ${url}`,
    fetch(url, init).then(async (response) => replyOf(response.status, response.headers, await response.text())),
  )
}

/** As P calls: headers of `requests`, and the path as it is given, with literal colons. */
export const pythonCall = async (url: string, { method = 'GET', body, headers = {} }: Call = {}): Promise<Reply> => {
  const [, host = '', port = '', path = '/'] = /^http:\/\/([^:/]+):(\d+)(\/.*)$/.exec(url) ?? []
  const sent = {
    'User-Agent': 'python-requests/2.32.3',
    'Accept-Encoding': 'gzip, deflate',
    Accept: '*/*',
    Connection: 'keep-alive',
    ...headers,
    ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
  }
  const exchange = new Promise<Reply>((resolve, reject) => {
    const outgoing = request({ host, port, path, method, headers: sent, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const fields = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
        const head = new Headers(fields as [string, string][])
        resolve(replyOf(response.statusCode ?? 0, head, Buffer.concat(chunks).toString('utf8')))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
  return within(DEADLINE_MS, `${method} ${url}`, exchange)
}

export const JSON_TYPE = { 'Content-Type': 'application/json' } as const

/** A POST of JSON as T sends it. */
export const postJson = (url: string, value: unknown): Promise<Reply> =>
  fetchCall(url, { method: 'POST', body: JSON.stringify(value), headers: JSON_TYPE })

/** The members of a list in an answer, as objects. */
export const listOf = (value: unknown): Record<string, unknown>[] => {
  const list: readonly unknown[] = Array.isArray(value) ? value : []
  return list.map((item) => (typeof item === 'object' && item !== null ? { ...item } : {}))
}

export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

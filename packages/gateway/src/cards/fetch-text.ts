/**
 * One GET of a text from an address that a stranger chose: bounded in time, in bytes and in redirects, and kept away from
 * private addresses at every hop.
 */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { fromUtf8, ok, type Result } from '@rollcall/protocol'
import { type CardFailure, unavailable } from './failures.ts'
import { guardedLookup, PrivateAddressError, type Resolve } from './guarded-lookup.ts'

const REDIRECTS_MAX = 3
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export interface FetchLimits {
  readonly bytesMax: number
  /** Whether this IP address may be connected to. */
  readonly mayReach: (address: string) => boolean
  readonly resolve: Resolve
  /** Ends the fetch; its reason is an Error that says why. */
  readonly signal: AbortSignal
}

type Hop = { readonly text: string } | { readonly location: string }

/** The text at `address`, after at most three redirects. Never rejects for what the other side does. */
export const fetchText = async (address: URL, limits: FetchLimits): Promise<Result<string>> => {
  let url = address
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const refused = refusal(url, limits.mayReach)
    if (refused !== undefined) return refused
    const hop = await get(url, limits)
    if (!hop.ok) return hop
    if ('text' in hop.value) return ok(hop.value.text)
    if (!URL.canParse(hop.value.location, url.href)) return unavailable('redirect', `${url.host} redirects to no URL`)
    const next = new URL(hop.value.location, url)
    if (url.protocol === 'https:' && next.protocol !== 'https:') {
      return unavailable('redirect', `${url.host} redirects away from https`)
    }
    url = next
  }
  return unavailable('redirect', `${address.host} redirects more than ${REDIRECTS_MAX} times`)
}

const refusal = (url: URL, mayReach: FetchLimits['mayReach']): CardFailure | undefined => {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return unavailable('address', `${url.protocol} is not fetched, http: and https: are`)
  }
  if (url.username !== '' || url.password !== '') return unavailable('address', 'a URL with a password is not fetched')
  // A literal address is connected to without a lookup. The URL parser has normalized every odd spelling of one.
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isIP(host) !== 0 && !mayReach(host) ? privateAddress(host) : undefined
}

const privateAddress = (host: string): CardFailure =>
  unavailable('private_address', `${host} is not a public address; cards.allow_private_addresses lets it be fetched`)

const get = (url: URL, limits: FetchLimits): Promise<Result<Hop>> =>
  new Promise((resolve) => {
    const { signal } = limits
    const options = {
      agent: false,
      signal,
      lookup: guardedLookup(limits.resolve, limits.mayReach),
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'user-agent': 'rollcall',
        connection: 'close',
      },
    } as const
    const onError = (error: Error): void => resolve(failureOf(url, error, signal))
    // Not left to the request alone: of one that was answered with 101 nothing is heard any more, not even its abort.
    signal.addEventListener('abort', () => resolve(timedOut(url)), { once: true })
    const onResponse = (response: IncomingMessage): void => {
      response.on('error', onError)
      readResponse(url, response, limits.bytesMax, (result) => {
        resolve(result)
        response.destroy()
      })
    }
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options, onResponse)
    request.on('error', onError)
    request.end()
  })

const timedOut = (url: URL): CardFailure => unavailable('timeout', `${url.host} did not answer in time`)

const failureOf = (url: URL, error: Error, signal: AbortSignal): CardFailure => {
  if (signal.aborted) return timedOut(url)
  if (error instanceof PrivateAddressError) return privateAddress(url.hostname)
  return unavailable('unreachable', `${url.host} cannot be reached: ${error.message.slice(0, 200)}`)
}

const readResponse = (
  url: URL,
  response: IncomingMessage,
  bytesMax: number,
  done: (result: Result<Hop>) => void,
): void => {
  const { statusCode = 0, headers } = response
  if (REDIRECTS.has(statusCode) && headers.location !== undefined) {
    done(ok({ location: headers.location }))
    return
  }
  if (statusCode !== 200) {
    done(unavailable('status', `${url.host} answered ${statusCode}`, { status: statusCode }))
    return
  }
  const chunks: Buffer[] = []
  let bytes = 0
  const tooLarge = (): void =>
    done(unavailable('too_large', `the card at ${url.host} is larger than ${bytesMax} bytes`, { bytes_max: bytesMax }))
  if (Number(headers['content-length']) > bytesMax) {
    tooLarge()
    return
  }
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > bytesMax) tooLarge()
    else chunks.push(chunk)
  })
  response.on('end', () => {
    const text = fromUtf8(Buffer.concat(chunks))
    done(text === undefined ? unavailable('not_json', `what ${url.host} serves is not text`) : ok({ text }))
  })
}

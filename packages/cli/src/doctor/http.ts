/** Does a registry answer over HTTP, does it serve, and does its clock agree with this one? */
import { isJsonObject, parseJsonObject } from '@rollcall/protocol'
import { EXIT } from '../failure.ts'
import { type Finding, failed, found, unchecked } from './ladder.ts'

const TIMEOUT_MS = 5_000
/** What a node allows unless it says otherwise. */
const SKEW_SECONDS = 60

/** What an answer said of the node's clock. */
export interface DateHeader {
  /** Middle of request and answer, in this clock. */
  readonly askedMs: number
  /** The Date header, as text; it counts whole seconds. */
  readonly text: string | null
  readonly roundTripMs: number
}

export interface HttpCheck {
  readonly finding: Finding
  readonly date: DateHeader | undefined
}

export const checkHealth = async (registry: string, nowMs: () => number): Promise<HttpCheck> => {
  const health = await ask(`${registry}/health`, nowMs)
  if ('problem' in health) {
    const remedy =
      'The port takes connections and answers no HTTP: check that it is the port of the API, and not stuck.'
    return { finding: failed(`${registry}/health: ${health.problem}`, remedy, EXIT.unreachable), date: undefined }
  }
  const { date } = health
  if (health.status !== 200 || parseJsonObject(health.text)?.status !== 'ok') {
    const remedy = 'Something else answers there: check the address, its path, and the routes of a proxy in between.'
    return {
      finding: failed(`${registry}/health answers ${health.status}, not as a node`, remedy, EXIT.unreachable),
      date,
    }
  }
  const ready = await ask(`${registry}/ready`, nowMs)
  if (!('problem' in ready) && ready.status === 200) return { finding: found('the node is up and serves'), date }
  const cause = 'problem' in ready ? ready.problem : (messageOf(ready.text) ?? `/ready answers ${ready.status}`)
  const remedy = 'Wait until it has synced, or use another node; its log says what holds it up.'
  return { finding: failed(`the node is up and does not serve: ${cause}`, remedy, EXIT.unreachable), date }
}

export const checkClock = async (
  registry: string,
  date: DateHeader | undefined,
  nowMs: () => number,
): Promise<Finding> => {
  if (date === undefined || date.text === null) return unchecked('the answers carry no Date header')
  const theirsMs = Date.parse(date.text)
  if (Number.isNaN(theirsMs)) return unchecked(`the Date header cannot be read: ${date.text}`)
  const { seconds, source } = await allowedSkew(registry, nowMs)
  // The header tells the second that began, on average half of one ago.
  const offsetMs = date.askedMs - (theirsMs + 500)
  const uncertaintyMs = 500 + date.roundTripMs / 2
  const words = `this clock is ${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs < 0 ? 'behind' : 'ahead of'} the node's`
  if (Math.abs(offsetMs) - uncertaintyMs <= seconds * 1000) return found(`${words}; ${seconds} s are allowed${source}`)
  const remedy =
    'Set the clock of this machine by NTP (or that of the node, if others are off alike): beats and writes are refused otherwise.'
  return failed(`${words}, and ${seconds} s are allowed${source}`, remedy, EXIT.refused)
}

const allowedSkew = async (
  registry: string,
  nowMs: () => number,
): Promise<{ readonly seconds: number; readonly source: string }> => {
  const info = await ask(`${registry}/v1/info`, nowMs)
  const heartbeat = 'problem' in info ? undefined : parseJsonObject(info.text)?.heartbeat
  const seconds = isJsonObject(heartbeat) ? heartbeat.max_clock_skew_seconds : undefined
  return typeof seconds === 'number'
    ? { seconds, source: '' }
    : { seconds: SKEW_SECONDS, source: ' unless the node is set otherwise' }
}

type Answered =
  | { readonly status: number; readonly text: string; readonly date: DateHeader }
  | { readonly problem: string }

const ask = async (url: string, nowMs: () => number): Promise<Answered> => {
  const sentMs = nowMs()
  try {
    const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) })
    const roundTripMs = nowMs() - sentMs
    const date = { askedMs: sentMs + roundTripMs / 2, text: response.headers.get('date'), roundTripMs }
    return { status: response.status, text: await response.text(), date }
  } catch (error) {
    return { problem: reasonOf(error) }
  }
}

/** `fetch failed` says nothing; its cause does. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS / 1000} s`
  return error.cause instanceof Error ? error.cause.message : error.message
}

const messageOf = (text: string): string | undefined => {
  const message = parseJsonObject(text)?.message
  return typeof message === 'string' ? message : undefined
}

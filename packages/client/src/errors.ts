/** Failures as the caller sees them: the codes of the one error table, and what only a client can find out. */
import {
  ERRORS,
  type ErrorCode,
  type ErrorSpec,
  isJsonObject,
  type JsonObject,
  parseJsonObject,
} from '@rollcall/protocol'

/** Codes that no node sends. */
export const CLIENT_ERRORS = {
  unreachable: {
    http: 0,
    exit: 5,
    retryable: true,
    meaning: 'No answer came from any registry that was tried.',
    remedy: 'Check the address, and that a node listens there.',
  },
} as const satisfies Record<string, ErrorSpec>

export type ClientErrorCode = ErrorCode | keyof typeof CLIENT_ERRORS

export const errorSpec = (code: ClientErrorCode): ErrorSpec =>
  code === 'unreachable' ? CLIENT_ERRORS.unreachable : ERRORS[code]

export interface RollcallErrorInit {
  readonly requestId?: string | undefined
  /** Status of the HTTP answer; absent where none came. */
  readonly http?: number | undefined
  /** The registry that was asked. */
  readonly registry?: string | undefined
  readonly details?: JsonObject | undefined
  /** What the answer's Retry-After asks for, in milliseconds. */
  readonly retryAfterMs?: number | undefined
  readonly cause?: unknown
}

export class RollcallError extends Error {
  readonly code: ClientErrorCode
  /** Whether the same request may succeed later, or at another node, without being changed. */
  readonly retryable: boolean
  readonly requestId: string | undefined
  readonly http: number | undefined
  readonly registry: string | undefined
  readonly details: JsonObject | undefined
  readonly retryAfterMs: number | undefined

  constructor(code: ClientErrorCode, message: string, init: RollcallErrorInit = {}) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'RollcallError'
    this.code = code
    this.retryable = errorSpec(code).retryable
    this.requestId = init.requestId
    this.http = init.http
    this.registry = init.registry
    this.details = init.details
    this.retryAfterMs = init.retryAfterMs
  }
}

/**
 * Whether a request that failed with this code may have been carried out all the same. A refusal was not; `node_not_ready`
 * and `storage_unavailable` promise that it was not and never will be.
 */
export const mayHaveRun = (code: ClientErrorCode): boolean =>
  code === 'unreachable' || code === 'timeout' || code === 'internal_error'

export interface FailedAnswer {
  readonly status: number
  readonly body: string
  readonly registry: string
  /** Value of X-Request-Id, or null. */
  readonly requestId: string | null
  /** Value of Retry-After, or null. */
  readonly retryAfter: string | null
}

/**
 * The error that an answer other than 2xx spells. A proxy in front of a node answers in words of its own, and a newer node
 * with codes not known here: then the HTTP status decides, and the foreign code is kept in `details.error`.
 */
export const errorOfAnswer = (answer: FailedAnswer): RollcallError => {
  const body = parseJsonObject(answer.body)
  const sent = typeof body?.error === 'string' ? body.error : undefined
  const known = sent !== undefined && Object.hasOwn(ERRORS, sent) ? (sent as ErrorCode) : undefined
  const message = typeof body?.message === 'string' ? body.message : (sent ?? `the registry answered ${answer.status}`)
  const details = isJsonObject(body?.details) ? body.details : undefined
  return new RollcallError(known ?? codeOfStatus(answer.status), message, {
    http: answer.status,
    registry: answer.registry,
    requestId: typeof body?.request_id === 'string' ? body.request_id : (answer.requestId ?? undefined),
    details: known === undefined && sent !== undefined ? { ...details, error: sent } : details,
    retryAfterMs: retryAfterMs(answer.retryAfter),
  })
}

const STATUS_CODES: Readonly<Record<number, ClientErrorCode>> = {
  400: 'malformed',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  409: 'already_registered',
  413: 'payload_too_large',
  422: 'validation_failed',
  426: 'protocol_incompatible',
  429: 'rate_limited',
  // A gateway in between answers these for a node that it cannot reach.
  502: 'unreachable',
  503: 'unreachable',
  504: 'timeout',
}

const codeOfStatus = (status: number): ClientErrorCode =>
  STATUS_CODES[status] ?? (status >= 500 ? 'internal_error' : 'malformed')

/** Only the form in seconds is read; a date would need the node's clock. */
const retryAfterMs = (value: string | null): number | undefined =>
  value !== null && /^\d{1,6}$/.test(value.trim()) ? Number(value) * 1000 : undefined

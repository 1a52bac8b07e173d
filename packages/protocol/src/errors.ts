/**
 * Every error that leaves rollcall, in one table from which server, client, command and docs/errors.md are made.
 * Append only: a code, once given, keeps its meaning.
 *
 * `http`: status of an HTTP answer. `exit`: exit code of the command (0 ok, 1 failed, 2 usage, 3 not found, 4 refused,
 * 5 unreachable). `retryable`: whether the same request may succeed later without being changed.
 */
export const ERRORS = {
  malformed: {
    http: 400,
    exit: 1,
    retryable: false,
    meaning: 'The input cannot be read.',
    remedy: 'Send what the API page describes.',
  },
  signature_invalid: {
    http: 401,
    exit: 4,
    retryable: false,
    meaning: 'The signature does not verify against the key.',
    remedy: 'Sign the documented bytes with the registered key.',
  },
  unauthenticated: {
    http: 401,
    exit: 4,
    retryable: false,
    meaning: 'The request carries no proof of who sends it.',
    remedy: 'Sign it, or send a token.',
  },
  forbidden: {
    http: 403,
    exit: 4,
    retryable: false,
    meaning: 'The sender is known, and may not do this.',
    remedy: 'Use the key of the owner.',
  },
  entity_not_found: {
    http: 404,
    exit: 3,
    retryable: false,
    meaning: 'No entity with this id is registered.',
    remedy: 'Register it.',
  },
  entity_deregistered: {
    http: 404,
    exit: 3,
    retryable: false,
    meaning: 'The entity was deregistered by its owner.',
    remedy: 'Register it again, if that is wanted.',
  },
  developer_not_found: {
    http: 404,
    exit: 3,
    retryable: false,
    meaning: 'No developer with this id or handle is known.',
    remedy: 'Register the developer, or an entity with its proof.',
  },
  not_found: {
    http: 404,
    exit: 3,
    retryable: false,
    meaning: 'There is nothing at this address.',
    remedy: 'Check the path.',
  },
  conflict_duplicate_name: {
    http: 409,
    exit: 4,
    retryable: false,
    meaning: 'Another entity of this developer holds the name, or another developer the handle.',
    remedy: 'Choose another; or have its holder release it or go.',
  },
  already_registered: {
    http: 409,
    exit: 4,
    retryable: false,
    meaning: 'The entity or developer has a live record.',
    remedy: 'Update it instead.',
  },
  stale_write: {
    http: 409,
    exit: 4,
    retryable: false,
    meaning: 'issued_at is not later than the newest accepted for this entity or developer.',
    remedy: 'Sign anew with the current time.',
  },
  payload_too_large: {
    http: 413,
    exit: 4,
    retryable: false,
    meaning: 'The request is larger than its cap.',
    remedy: 'Send less.',
  },
  validation_failed: {
    http: 422,
    exit: 4,
    retryable: false,
    meaning: 'A field breaks its rule.',
    remedy: 'Correct the field named in the message.',
  },
  id_mismatch: {
    http: 422,
    exit: 4,
    retryable: false,
    meaning: 'The id does not follow from the public key (I1).',
    remedy: 'Derive the id from the key.',
  },
  stamp_future: {
    http: 422,
    exit: 4,
    retryable: false,
    meaning: 'A stamp is further ahead of this clock than the skew allows (M4).',
    remedy: 'Correct the clock of the node that wrote it.',
  },
  clock_skew: {
    http: 422,
    exit: 4,
    retryable: true,
    meaning: 'A signed time is further from the clock of the node than the skew allows.',
    remedy: 'Compare the clock with the Date header of the answer.',
  },
  protocol_incompatible: {
    http: 426,
    exit: 4,
    retryable: false,
    meaning: 'No protocol version is spoken by both sides.',
    remedy: 'Upgrade the older side.',
  },
  rate_limited: {
    http: 429,
    exit: 4,
    retryable: true,
    meaning: 'A limit was reached.',
    remedy: 'Wait as Retry-After says.',
  },
  internal_error: {
    http: 500,
    exit: 1,
    retryable: true,
    meaning: 'The node failed; it logged why, with the request id.',
    remedy: 'Report it with the request id.',
  },
  node_not_ready: {
    http: 503,
    exit: 5,
    retryable: true,
    meaning: 'The node is starting, syncing or stopping; the request will not run.',
    remedy: 'Ask another node, or again in a moment.',
  },
  agent_offline: {
    http: 503,
    exit: 5,
    retryable: true,
    meaning: 'The agent cannot be reached.',
    remedy: 'Try again when it is active.',
  },
  storage_unavailable: {
    http: 503,
    exit: 5,
    retryable: true,
    meaning: 'The disk of the node refused; nothing was written.',
    remedy: 'Ask another node.',
  },
  method_not_allowed: {
    http: 405,
    exit: 1,
    retryable: false,
    meaning: 'The address is served, under another method.',
    remedy: 'Use a method that the Allow header names.',
  },
  card_unavailable: {
    http: 404,
    exit: 3,
    retryable: true,
    meaning: 'The agent serves no card that can be fetched, and none is held.',
    remedy: 'Look at the reason in the details; ask the agent itself, or again in a moment.',
  },
  card_too_large: {
    http: 404,
    exit: 3,
    retryable: false,
    meaning: 'The card that the agent serves is larger than this node takes.',
    remedy: 'Make the card smaller, or raise cards.max_bytes.',
  },
  card_invalid: {
    http: 404,
    exit: 3,
    retryable: false,
    meaning: 'The card that the agent serves is not the word of the registered key.',
    remedy: 'Sign the card with the key of the entity, and name its id and key in x-zynd.',
  },
  timeout: {
    http: 504,
    exit: 5,
    retryable: true,
    meaning: 'The deadline passed before an answer came.',
    remedy: 'Ask again.',
  },
} as const satisfies Record<string, ErrorSpec>

export interface ErrorSpec {
  readonly http: number
  readonly exit: number
  readonly retryable: boolean
  readonly meaning: string
  readonly remedy: string
}

export type ErrorCode = keyof typeof ERRORS

/**
 * Close codes of the heartbeat sockets. `final`: the client must not come back with the same session; everything else is
 * followed by a reconnection. Append only.
 */
export const CLOSE_CODES = {
  going_away: { code: 1001, final: false, meaning: 'The node is stopping; use another.' },
  internal: { code: 1011, final: false, meaning: 'The node failed; it logged why.' },
  malformed: { code: 4400, final: false, meaning: 'Too many frames could not be read.' },
  signature_invalid: { code: 4401, final: false, meaning: 'Too many signatures did not verify.' },
  entity_not_found: { code: 4404, final: false, meaning: 'No entity with this id is registered.' },
  idle: { code: 4408, final: false, meaning: 'Nothing was received for the idle limit.' },
  superseded: { code: 4409, final: true, meaning: 'A newer session of the same entity took over (L8).' },
  deregistered: { code: 4410, final: true, meaning: 'The entity was deregistered by its owner.' },
  frame_too_large: { code: 4413, final: false, meaning: 'A frame was larger than its cap.' },
  protocol_incompatible: { code: 4426, final: true, meaning: 'No protocol version is spoken by both sides.' },
  rate_limited: { code: 4429, final: false, meaning: 'A limit was reached.' },
} as const satisfies Record<string, CloseSpec>

export interface CloseSpec {
  readonly code: number
  readonly final: boolean
  readonly meaning: string
}

export type CloseReason = keyof typeof CLOSE_CODES

/** Outcomes of a heartbeat: each beat ends in exactly one (L9). Append only. */
export const BEAT_OUTCOMES = [
  'accepted',
  'duplicate',
  'stale',
  'skew',
  'signature_invalid',
  'malformed',
  'not_found',
  'deregistered',
  'rate_limited',
  'storage_error',
] as const
export type BeatOutcome = (typeof BEAT_OUTCOMES)[number]

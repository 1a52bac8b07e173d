/** What the program that logs in says in the address of the onboarding page (zynd-wire.md §4.4). */
import { fail, LIMITS, ok, type Result } from '@rollcall/protocol'

export interface OnboardingRequest {
  /** Known to the program and to whoever opened the page: the key is encrypted under it. */
  readonly state: string
  /** Where the program listens, on the machine of the caller. */
  readonly callbackPort: number
  /** How the developer wants to be called; empty where nothing was said. */
  readonly name: string
}

const STATE_CHARS_MAX = 512
const PRINTABLE = /^[\x21-\x7e]+$/

export const parseOnboarding = (query: Readonly<Record<string, unknown>>): Result<OnboardingRequest> => {
  const { callback_port: port } = query
  const state = parseState(query.state)
  if (!state.ok) return state
  const callbackPort = typeof port === 'string' && /^\d{1,5}$/.test(port) ? Number(port) : 0
  if (callbackPort < 1 || callbackPort > 65_535) return invalid('callback_port', 'is not a port from 1 to 65535')
  const name = query.name ?? ''
  if (typeof name !== 'string' || name.length > LIMITS.nameCharsMax) {
    return invalid('name', `has more than ${LIMITS.nameCharsMax} characters`)
  }
  return ok({ state: state.value, callbackPort, name: name.trim() })
}

/** The secret that the program made up for this login. */
export const parseState = (state: unknown): Result<string> =>
  typeof state === 'string' && PRINTABLE.test(state) && state.length <= STATE_CHARS_MAX
    ? ok(state)
    : invalid('state', `is not 1 to ${STATE_CHARS_MAX} printable characters`)

/**
 * The address that hands the key over. It is always one of the caller's own machine: no other host can be asked for, so
 * nobody can have a key sent to themselves.
 */
export const callbackUrl = (
  { state, callbackPort }: OnboardingRequest,
  key: { readonly developerId: string; readonly sealedKey: string },
): string => {
  const query = new URLSearchParams({ state, developer_id: key.developerId, private_key_enc: key.sealedKey })
  return `http://127.0.0.1:${callbackPort}/callback?${query}`
}

const invalid = (field: string, why: string) => fail('validation_failed', `${field} ${why}`, { field })

/** Why there is no card to show. The reason stands in the details, for programs. */
import { type Failure, fail } from '@rollcall/protocol'

export type CardReason =
  | 'no_url'
  | 'address'
  | 'private_address'
  | 'unreachable'
  | 'timeout'
  | 'redirect'
  | 'status'
  | 'not_json'
  | 'too_large'
  | 'busy'

export type CardFailure = Failure & { readonly ok: false }

/**
 * 404 for all of them: Zynd's MCP server takes a 404 for "try the agent itself" and anything else for the end
 * (zynd-wire.md §4.1).
 */
export const unavailable = (
  reason: CardReason,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): CardFailure => fail(reason === 'too_large' ? 'card_too_large' : 'card_unavailable', message, { reason, ...details })

export const invalid = (reason: string): CardFailure =>
  fail('card_invalid', `the card that the agent serves is not vouched for: ${reason}`)

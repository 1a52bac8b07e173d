/**
 * Request ids: taken from X-Request-Id where it is printable ASCII of at most 64 characters, else made.
 *
 * A made id is spelled in base32, which has no 0, 8 or 9: Zynd's Python SDK takes any registration answer that contains
 * "409" for a conflict (zynd-wire.md §4.1), and an id of digits would sooner or later contain it.
 */
import type { IncomingMessage } from 'node:http'
import type { Random } from '@rollcall/core'
import { LIMITS } from '@rollcall/protocol'

const PRINTABLE = /^[\x20-\x7e]+$/
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_CHARS = 20

export const requestIdOf = (request: IncomingMessage, random: Random): string => {
  const given = request.headers['x-request-id']
  if (typeof given === 'string' && given.length <= LIMITS.requestIdCharsMax && PRINTABLE.test(given)) return given
  return makeRequestId(random)
}

export const makeRequestId = (random: Random): string => {
  let id = ''
  for (const byte of random.bytes(ID_CHARS)) id += ALPHABET[byte & 31]
  return id
}

/** Who calls: the network address of a request, as it stands in logs and under limits. */
import type { IncomingMessage } from 'node:http'
import { isIPv6 } from 'node:net'

/**
 * The caller's address. Behind a trusted proxy it is the last entry of X-Forwarded-For, the one that proxy wrote itself:
 * the entries before it are whatever the caller claimed.
 */
export const addressOf = (request: IncomingMessage, trustProxy: boolean): string => {
  const forwarded = trustProxy ? request.headers['x-forwarded-for'] : undefined
  const last = typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined
  return plain(last === undefined || last === '' ? (request.socket.remoteAddress ?? '') : last)
}

/** Under which address a limit counts a caller: an IPv6 host owns at least its /64, so all of it counts as one. */
export const limitKeyOf = (address: string): string => {
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')
}

/** Whether the request was made on this machine and not merely passed on by a proxy that runs on it. */
export const isLocal = (request: IncomingMessage, address: string): boolean => {
  const isLoopback = address === '::1' || address.startsWith('127.')
  const { 'x-forwarded-for': forwardedFor, forwarded } = request.headers
  return isLoopback && forwardedFor === undefined && forwarded === undefined
}

const plain = (address: string): string => (address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address)

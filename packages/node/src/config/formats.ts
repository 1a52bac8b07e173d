/** How texts must look, and what to say of one that does not. */
import { isIPv4, isIPv6 } from 'node:net'
import { parseNodeId } from '@rollcall/protocol'
import type { Format } from './setting.ts'

interface FormatRule {
  /** Completes "it must be …". */
  readonly words: string
  readonly holds: (text: string) => boolean
}

/** A host and a port of `HOST:PORT`; an IPv6 host stands in brackets. Port 0 means any free one. */
export interface HostPort {
  readonly host: string
  readonly port: number
}

/** The parts of `HOST:PORT`, or undefined where the text is none. */
export const parseHostPort = (text: string): HostPort | undefined => {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s/]+)):(\d{1,5})$/.exec(text)
  if (match === null) return undefined
  const [, bracketed, plain, digits] = match
  const port = Number(digits)
  if (port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed))) return undefined
  return { host: bracketed ?? plain ?? '', port }
}

const isHttpUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false
  const { protocol, search, hash } = new URL(text)
  return (protocol === 'http:' || protocol === 'https:') && search === '' && hash === ''
}

const HOST_PROTOCOLS: Readonly<Record<string, (host: string) => boolean>> = {
  ip4: isIPv4,
  ip6: isIPv6,
  dns: (host) => host !== '',
  dns4: (host) => host !== '',
  dns6: (host) => host !== '',
}

/** `/ip4/127.0.0.1/tcp/9001/ws`: a host, a TCP port and WebSocket on top, with or without `/p2p/<peer id>`. */
export const isMultiaddr = (text: string): boolean => {
  const match = /^\/(\w+)\/([^/]+)\/tcp\/(\d{1,5})(?:\/ws|\/wss|\/tls\/ws)(?:\/p2p\/([^/]+))?$/.exec(text)
  if (match === null) return false
  const [, protocol = '', host = '', port, peer] = match
  return (
    HOST_PROTOCOLS[protocol]?.(host) === true &&
    Number(port) <= 65_535 &&
    (peer === undefined || parseNodeId(peer) !== undefined)
  )
}

const isOrigin = (text: string): boolean => text === '*' || (isHttpUrl(text) && new URL(text).origin === text)

export const FORMATS: Readonly<Record<Format, FormatRule>> = {
  name_host: {
    words: 'a host name: 1 to 253 of a-z, 0-9, hyphens and dots',
    holds: (text) => /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(text),
  },
  host_port: {
    words: 'HOST:PORT with a port from 0 to 65535',
    holds: (text) => parseHostPort(text) !== undefined,
  },
  optional_host_port: {
    words: 'empty or HOST:PORT with a port from 0 to 65535',
    holds: (text) => text === '' || parseHostPort(text) !== undefined,
  },
  multiaddr: {
    words: 'a WebSocket multiaddr such as /dns4/node-b/tcp/9001/ws',
    holds: isMultiaddr,
  },
  peer_id: { words: 'a peer id such as 12D3KooW…', holds: (text) => parseNodeId(text) !== undefined },
  optional_url: {
    words: 'empty or an http:// or https:// URL without a query',
    holds: (text) => text === '' || isHttpUrl(text),
  },
  origin: { words: '* or an origin such as https://example.org', holds: isOrigin },
}

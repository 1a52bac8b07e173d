/** The lower rungs: does the name resolve, does the port answer, is the certificate good? */
import { lookup } from 'node:dns/promises'
import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls, type PeerCertificate } from 'node:tls'
import { EXIT } from '../failure.ts'
import { type Finding, failed, found, needless } from './ladder.ts'

const TIMEOUT_MS = 5_000

export interface Place {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

export const placeOf = (registry: string): Place => {
  const { hostname, port, protocol } = new URL(registry)
  const secure = protocol === 'https:'
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? (secure ? 443 : 80) : Number(port), secure }
}

export const checkName = async ({ host }: Place): Promise<Finding> => {
  if (isIP(host) !== 0) return needless(`${host} is an address, not a name`)
  try {
    const addresses = await lookup(host, { all: true })
    return found(`${host} is ${addresses.map(({ address }) => address).join(', ')}`)
  } catch (error) {
    const code = codeOf(error)
    const remedy =
      code === 'EAI_AGAIN'
        ? 'No name server answered: check the network of this machine and its DNS settings.'
        : 'Check the spelling of --registry, or the DNS of this machine; inside containers the name of the service counts.'
    return failed(`the name ${host} does not resolve (${code})`, remedy, EXIT.unreachable)
  }
}

const TCP_REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'Nothing listens there: start the node, or correct the port. A node in a container listens for others only on 0.0.0.0 (http.listen).',
  ETIMEDOUT: 'Packets are lost on the way: check firewalls, security groups and the address.',
  EHOSTUNREACH: 'There is no way to that machine: check its address and your network.',
  ENETUNREACH: 'There is no way to that network: check the address and your network.',
  ECONNRESET: 'Something in between cuts the connection: check proxies and firewalls.',
}

export const checkPort = async ({ host, port }: Place): Promise<Finding> => {
  const socket = connect({ host, port })
  const problem = await opened(socket, 'connect')
  socket.destroy()
  if (problem === undefined) return found(`${host} port ${port} takes connections`)
  const code = codeOf(problem)
  const remedy = TCP_REMEDIES[code] ?? 'Check the address, the port, and that a node listens there.'
  return failed(`no connection to ${host} port ${port} (${code})`, remedy, EXIT.unreachable)
}

const TLS_REMEDIES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'Renew the certificate of the proxy in front of the node.',
  CERT_NOT_YET_VALID: 'The clock of this machine, or that of who issued the certificate, is wrong.',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'Trust it with NODE_EXTRA_CA_CERTS=FILE, or use a certificate of a known authority.',
  SELF_SIGNED_CERT_IN_CHAIN: 'Trust its authority with NODE_EXTRA_CA_CERTS=FILE.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'The proxy must send the intermediate certificates too, or trust the authority with NODE_EXTRA_CA_CERTS=FILE.',
  ERR_TLS_CERT_ALTNAME_INVALID: 'Use the name that the certificate was issued for, or have it issued for this one.',
  ERR_SSL_WRONG_VERSION_NUMBER: 'That port speaks no TLS: use http:// or the port of the proxy.',
  EPROTO: 'That port speaks no TLS: use http:// or the port of the proxy.',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'That port speaks no TLS: use http:// or the port of the proxy.',
}

export const checkCertificate = async ({ host, port, secure }: Place): Promise<Finding> => {
  if (!secure) return needless('the address is http://, so there is no TLS')
  const socket = connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}) })
  const problem = await opened(socket, 'secureConnect')
  const protocol = socket.getProtocol()
  const certificate: Partial<PeerCertificate> = socket.getPeerCertificate()
  socket.destroy()
  if (problem === undefined)
    return found(`${protocol ?? 'TLS'}, the certificate holds until ${certificate.valid_to ?? '?'}`)
  const code = codeOf(problem)
  const remedy = TLS_REMEDIES[code] ?? 'Check the certificate and the TLS settings of the proxy in front of the node.'
  return failed(`no TLS with ${host} port ${port}: ${problem.message} (${code})`, remedy, EXIT.unreachable)
}

/** The error that kept a socket from opening, or undefined once it is open. */
const opened = (socket: Socket, event: 'connect' | 'secureConnect'): Promise<Error | undefined> =>
  new Promise((resolve) => {
    socket.setTimeout(TIMEOUT_MS, () => {
      const message = `no answer within ${TIMEOUT_MS / 1000} s`
      resolve(Object.assign(new Error(message), { code: 'ETIMEDOUT' }))
    })
    socket.once(event, () => resolve(undefined))
    socket.on('error', resolve)
  })

const codeOf = (error: unknown): string => {
  // A name with several addresses fails with one error for each.
  const first = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error && 'code' in first && typeof first.code === 'string' ? first.code : String(first)
}

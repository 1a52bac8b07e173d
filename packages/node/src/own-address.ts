/** Under which URL others reach this node. */
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import type { HostPort } from './config/index.ts'

const ANYWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]'])

/**
 * `at` with port 0 replaced by a free one. The URL of the API is told to other nodes and to clients before the API
 * listens, so the port has to be known first; that another program takes it in between is possible and is reported then.
 */
export const withPort = (at: HostPort): Promise<HostPort> => {
  if (at.port !== 0) return Promise.resolve(at)
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host: at.host, port: 0 }, () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve({ host: at.host, port }))
    })
  })
}

/** `http.public_url` without a slash at its end; where it is empty, `http://` and the address listened on. */
export const publicUrl = (configured: string, at: HostPort): string => {
  if (configured !== '') return configured.replace(/\/+$/, '')
  const host = ANYWHERE.has(at.host) ? hostname() : at.host
  return `http://${host.includes(':') ? `[${host}]` : host}:${at.port}`
}

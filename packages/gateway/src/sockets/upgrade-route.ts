/** Which socket an upgrade asks for, read from its address. Literal and percent-encoded colons, and `//v1`, are one. */

export interface UpgradeRoute {
  readonly kind: 'native' | 'zynd' | 'documented' | 'activity'
  /** As in the table of routes, for metrics. */
  readonly pattern: string
  /** The entity of `/v1/entities/{id}/ws`, not parsed. */
  readonly id: string
  readonly query: URLSearchParams
}

const FIXED: Readonly<Record<string, UpgradeRoute['kind']>> = {
  '/v1/session': 'native',
  '/v1/heartbeat': 'documented',
  '/v1/ws/activity': 'activity',
}
const ENTITY = /^\/v1\/entities\/([^/]+)\/ws$/

export const parseUpgradeRoute = (url: string): UpgradeRoute | undefined => {
  const [rawPath = '', ...rest] = url.split('?')
  const query = new URLSearchParams(rest.join('?'))
  const path = rawPath.replace(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '')
  const kind = Object.hasOwn(FIXED, path) ? FIXED[path] : undefined
  if (kind !== undefined) return { kind, pattern: path, id: '', query }
  const [, encoded] = ENTITY.exec(path) ?? []
  const id = encoded === undefined ? undefined : decoded(encoded)
  return id === undefined ? undefined : { kind: 'zynd', pattern: '/v1/entities/:id/ws', id, query }
}

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

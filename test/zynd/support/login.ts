/** `zynd auth login` (docs/zynd-wire.md, section 4.4): the program that waits for a key on a port of this machine. */
import { createDecipheriv, createHash, randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { until } from '../../e2e/support/wait.ts'
import { fetchCall, objectOf } from './http.ts'
import { Key } from './keys.ts'

/** The key that `private_key_enc` holds for whoever knows the state. */
export const unseal = (sealed: string, state: string): Buffer => {
  const bytes = Buffer.from(sealed, 'base64')
  const key = createHash('sha256').update(state, 'utf8').digest()
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
  decipher.setAuthTag(bytes.subarray(-16))
  const plain = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()])
  return Buffer.from(plain.toString('utf8'), 'base64')
}

export interface LoggedIn {
  readonly developerId: string
  /** 32 or 64 bytes. */
  readonly privateKey: Buffer
  readonly key: Key
}

/**
 * Logs in: `open` is given the address that the program opens in a browser. Undefined where the registry names no page, in
 * which case the program prints that open onboarding is not supported, and ends.
 */
export const login = async (
  registry: string,
  open: (address: string) => Promise<unknown>,
): Promise<LoggedIn | undefined> => {
  const { mode, auth_url } = objectOf((await fetchCall(`${registry}/v1/info`)).body.developer_onboarding)
  if (mode !== 'restricted' || typeof auth_url !== 'string' || auth_url === '') return undefined
  const state = randomBytes(32).toString('base64url')
  const came: URLSearchParams[] = []
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://127.0.0.1')
    if (pathname === '/callback') came.push(searchParams)
    response.end('You can close this window.')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  try {
    await open(`${auth_url}?${new URLSearchParams({ callback_port: String(port), state, registry_url: registry })}`)
    const { value } = await until(10_000, 'the callback', async () => came[0])
    if (value.get('state') !== state) throw new Error('state mismatch')
    const privateKey = unseal(value.get('private_key_enc') ?? '', state)
    return { developerId: value.get('developer_id') ?? '', privateKey, key: new Key(privateKey.subarray(0, 32)) }
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

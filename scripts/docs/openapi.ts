/** docs/openapi.json: what a node says of its API, without the address of that node. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig, startNode } from '@rollcall/node'

export const renderOpenapi = async (): Promise<string> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'rollcall-openapi-'))
  const set = ['log.level=error', 'http.listen=127.0.0.1:0', 'mesh.listen=/ip4/127.0.0.1/tcp/0/ws']
  const loaded = loadConfig({ data: dataDir, set }, {})
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'))
  const node = await startNode(loaded.config)
  try {
    const description: unknown = await (await fetch(`${node.url}/openapi.json`)).json()
    return `${JSON.stringify({ ...Object(description), servers: [{ url: '/' }] }, null, 2)}\n`
  } finally {
    await node.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

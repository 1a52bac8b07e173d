import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, describe, test } from 'node:test'
import { type Config, type RunningNode, StartError, startNode } from '@rollcall/node'
import { configIn, newFolder, readJson, removeFolders, until } from './node-kit.ts'

after(removeFolders)

const withNode = async (config: Config, use: (node: RunningNode) => Promise<void>): Promise<void> => {
  const node = await startNode(config)
  try {
    await use(node)
  } finally {
    assert.equal(await node.stop(), true)
  }
}

const refusal = async (config: Config): Promise<string> => {
  try {
    const node = await startNode(config)
    await node.stop()
  } catch (error) {
    if (error instanceof StartError) return error.message
    throw error
  }
  throw new Error('the node started')
}

describe('a node that starts', () => {
  test('answers under its URL, with metrics, and keeps its identity over a restart', async () => {
    const folder = newFolder()
    let id = ''
    await withNode(configIn(folder), async (node) => {
      id = node.registry.nodeId
      assert.deepEqual(await readJson(`${node.url}/ready`), { ready: true })
      assert.equal((await readJson(`${node.url}/v1/info`)).name, 'tested')
      assert.equal((await readJson(`${node.url}/v1/cluster`)).node_id, id)
      const metrics = await (await fetch(`${node.url}/metrics`)).text()
      assert.match(metrics, /^rollcall_graves 0$/m)
      assert.match(node.meshAddresses[0] ?? '', new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/\\d+/ws/p2p/${id}$`))
    })
    await withNode(configIn(folder), async (node) => assert.equal(node.registry.nodeId, id))
  })

  test('S3: two that join are converged, and the one that stays hears of the other one going', async () => {
    await withNode(configIn(newFolder()), async (one) => {
      const join = `mesh.join=${one.meshAddresses[0]}`
      await withNode(configIn(newFolder(), join), async (other) => {
        await until('both say that they are converged', async () => {
          const answers = await Promise.all([one, other].map(({ url }) => readJson(`${url}/v1/cluster`)))
          return answers.every(
            ({ converged, nodes }) => converged === true && Array.isArray(nodes) && nodes.length === 2,
          )
            ? true
            : undefined
        })
      })
      await until('the connection is gone', () =>
        one.registry.cluster().nodes.every(({ self, connected }) => self || !connected) ? true : undefined,
      )
    })
  })

  test('opens metrics on an address of their own', async () => {
    const at = createServer().listen(0, '127.0.0.1')
    await once(at, 'listening')
    const address = at.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    at.close()
    await once(at, 'close')
    await withNode(configIn(newFolder(), `metrics.listen=127.0.0.1:${port}`), async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/metrics`)
      assert.match(await answer.text(), /^# TYPE rollcall_entities gauge$/m)
    })
  })

  test('stops once, however often it is asked', async () => {
    const node = await startNode(configIn(newFolder()))
    assert.deepEqual(await Promise.all([node.stop(), node.stop()]), [true, true])
    await assert.rejects(fetch(`${node.url}/health`))
  })
})

describe('a node that cannot start says why, and leaves nothing open', () => {
  test('a data directory in use', async () => {
    const folder = newFolder()
    await withNode(configIn(folder), async () => {
      assert.equal(
        await refusal(configIn(folder)),
        `the data directory ${folder} is in use by another node. Stop that one, or give this one a directory of its own with --data.`,
      )
    })
    await withNode(configIn(folder), async () => undefined)
  })

  test('an address in use, of the API, the mesh or the metrics', async () => {
    const folder = newFolder()
    await withNode(configIn(newFolder()), async (node) => {
      const http = `${node.http.host}:${node.http.port}`
      assert.match(
        await refusal(configIn(folder, `http.listen=${http}`)),
        /^http\.listen .* is in use by another program\./,
      )
      assert.match(
        await refusal(configIn(folder, `metrics.listen=${http}`)),
        /^metrics\.listen .* is in use by another/,
      )
      const mesh = node.meshAddresses[0]?.replace(/\/p2p\/.*/, '')
      assert.match(
        await refusal(configIn(folder, `mesh.listen=${mesh}`)),
        /^mesh\.listen .* is in use by another program\./,
      )
    })
    // Every one of them had opened the store: it was closed again.
    await withNode(configIn(folder), async () => undefined)
  })

  test('a directory that cannot be made, and a key of the mesh that is none', async () => {
    assert.match(await refusal(configIn('/dev/null/x')), /^the data directory \/dev\/null\/x cannot be used: ENOTDIR/)
    assert.match(await refusal(configIn(newFolder(), 'mesh.psk_file=/nowhere')), /\(mesh settings\): ENOENT/)
    assert.match(await refusal(configIn(newFolder(), 'mesh.psk_file=/dev/null')), /the pre-shared key is not one/)
  })
})

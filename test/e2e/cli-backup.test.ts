/** `rollcall backup` and `restore` on nodes: an old copy revives nothing. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { putClock } from '@rollcall/core'
import { LevelStore } from '@rollcall/store-level'
import { atBuiltDesk, type Desk } from '../../packages/cli/test/command.ts'
import { hasConverged } from './support/cluster-view.ts'
import { Cluster, FAST } from './support/node-process.ts'
import { until } from './support/wait.ts'
import { ZyndAgent } from './support/zynd-agent.ts'

const withCluster = async (
  size: number,
  settings: readonly string[],
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> => {
  const cluster = await Cluster.start(size, settings)
  try {
    await work(cluster)
  } finally {
    await cluster.stop()
  }
}

const ok = async (desk: Desk, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await desk.run(args)
  assert.equal(code, 0, stderr)
  return stdout
}

const settled = (cluster: Cluster): Promise<unknown> =>
  until(30_000, 'converged', () => hasConverged(cluster.node(0).url, cluster.nodes.length))

test('T3: what ended after the copy stays ended everywhere when the copy is restored, and what changed stays changed', () =>
  atBuiltDesk((desk) =>
    withCluster(2, FAST, async (cluster) => {
      const [stays, restored] = [cluster.node(0), cluster.node(1)]
      const [ended, changed] = [new ZyndAgent('ended'), new ZyndAgent('changed')]
      for (const agent of [ended, changed]) await agent.register(restored.url)
      await settled(cluster)

      const file = desk.path('node-1.backup')
      const running = await desk.run(['backup', file, '--data', restored.dataDir])
      assert.deepEqual([running.code, /a node runs on .*; stop it first/.test(running.stderr)], [4, true])
      await restored.kill('SIGTERM')
      const made = JSON.parse(await ok(desk, 'backup', file, '--data', restored.dataDir, '--json'))
      assert.deepEqual([made.node_id, made.has_key], [restored.nodeId, true])
      await restored.start()
      await restored.ready()

      await ended.deregister(stays.url)
      await changed.update(stays.url, { summary: 'Changed after the copy.' })
      await settled(cluster)
      // Past the retention nothing but the grave is left of it.
      await until(30_000, 'purged', async () => (await ended.get(stays.url)).body.error === 'entity_not_found')

      await restored.kill('SIGTERM')
      const refused = await desk.run(['restore', file, '--data', restored.dataDir])
      assert.deepEqual([refused.code, /is not empty/.test(refused.stderr)], [4, true])
      await ok(desk, 'restore', file, '--data', restored.dataDir, '--force')
      const { nodeId } = restored
      await restored.start()
      assert.equal(restored.nodeId, nodeId, 'the key was in the backup')
      await restored.ready()
      // Until its first sync it can only say what it knew.
      await until(15_000, 'the news of what ended', async () => (await ended.get(restored.url)).status === 404)
      await until(30_000, 'equal', () => hasConverged(restored.url, 2))
      for (const { url } of cluster.nodes) {
        assert.equal((await ended.get(url)).status, 404, 'it stays ended')
        assert.equal((await changed.get(url)).body.summary, 'Changed after the copy.')
      }
    }),
  ))

test('L4: a lone node goes on above the stamps of the copy it was restored from, whatever its clock says', () =>
  atBuiltDesk((desk) =>
    withCluster(1, FAST, async (cluster) => {
      const node = cluster.node(0)
      await new ZyndAgent('before').register(node.url)
      await node.kill('SIGTERM')
      const aheadMs = Date.now() + 3_600_000
      const store = new LevelStore({ location: join(node.dataDir, 'store') })
      await store.open()
      await store.write([putClock(aheadMs)], { durable: true })
      await store.close()
      const file = desk.path('copy')
      await ok(desk, 'backup', file, '--data', node.dataDir)
      await ok(desk, 'restore', file, '--data', node.dataDir, '--force')
      await node.start()
      await node.ready()
      const after = new ZyndAgent('after')
      assert.equal((await after.register(node.url)).status, 201)
      const { stamp } = (await after.get(node.url)).body
      assert.ok(Number(String(stamp).split('.')[0]) >= aheadMs, `${stamp} is not above ${aheadMs}`)
    }),
  ))

test('a running node hands out a copy to those who hold a token, without its key', () =>
  atBuiltDesk(async (desk) => {
    const tokens = desk.path('tokens')
    const token = (await ok(desk, 'token', 'mint', '--file', tokens, '--quiet')).trim()
    await withCluster(1, [...FAST, `security.admin_token_file=${tokens}`], async (cluster) => {
      const node = cluster.node(0)
      const agent = new ZyndAgent('copied')
      await agent.register(node.url)
      const file = desk.path('online')
      const online = ['backup', file, '--online', '--registry', node.url]
      assert.equal((await desk.run(online)).code, 2)
      assert.equal((await desk.run([...online, '--token', 'rca_none'])).code, 4)
      assert.equal(
        (await desk.run(['backup', file, '--online', '--token', 'x', '--registry', 'http://127.0.0.1:1'])).code,
        5,
      )
      const made = JSON.parse(await ok(desk, ...online, '--token', token, '--json'))
      assert.deepEqual([made.node_id, made.has_key], [node.nodeId, false])

      const { nodeId } = node
      await node.kill('SIGTERM')
      // The key in the folder stays: the copy has none of its own.
      await ok(desk, 'restore', file, '--data', node.dataDir, '--force')
      await node.start()
      await node.ready()
      assert.equal(node.nodeId, nodeId)
      assert.equal((await agent.get(node.url)).status, 200)
    })
  }))

test('a file that was cut or changed is refused with a word, and the folder stays as it was', () =>
  atBuiltDesk((desk) =>
    withCluster(1, FAST, async (cluster) => {
      const node = cluster.node(0)
      await node.kill('SIGTERM')
      const file = desk.path('copy')
      await ok(desk, 'backup', file, '--data', node.dataDir)
      const whole = readFileSync(file)
      const flipped = Buffer.from(whole)
      flipped[200] = (flipped[200] ?? 0) ^ 1
      for (const [bytes, says] of [
        [whole.subarray(0, -10), /it was cut/],
        [flipped, /it was changed|cannot be used/],
        [Buffer.from('hello'), /does not begin as a backup/],
      ] as const) {
        const damaged = desk.path('damaged')
        writeFileSync(damaged, bytes)
        const { code, stderr } = await desk.run(['restore', damaged, '--data', desk.path('new')])
        assert.deepEqual([code, says.test(stderr)], [1, true], stderr)
      }
      assert.equal((await desk.run(['restore', desk.path('none'), '--data', desk.path('new')])).code, 3)
      assert.equal((await desk.run(['backup', desk.path('other'), '--data', desk.path('nothing')])).code, 3)
    }),
  ))

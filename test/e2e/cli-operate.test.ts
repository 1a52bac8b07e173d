/** What operators do with the command: tokens, draining, asking every node; and wrapping somebody else's program. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { atBuiltDesk } from '../../packages/cli/test/command.ts'
import { hasConverged } from './support/cluster-view.ts'
import { freePort } from './support/free-port.ts'
import { Cluster, FAST } from './support/node-process.ts'
import { until } from './support/wait.ts'
import { ZyndAgent } from './support/zynd-agent.ts'

/** A cluster for the length of one test. */
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

test('a minted token drains the node, is listed without itself, and is refused once revoked', () =>
  atBuiltDesk(async (desk) => {
    const file = desk.path('admin', 'tokens')
    const config = ['--set', `security.admin_token_file=${file}`]
    const unset = await desk.run(['token', 'list'])
    assert.deepEqual([unset.code, /admin_token_file/.test(unset.stderr)], [2, true])
    await withCluster(1, [...FAST, `security.admin_token_file=${file}`], async (cluster) => {
      const { url } = cluster.node(0)
      const drain = (token: string) => desk.run(['node', 'drain', '--registry', url, '--token', token])
      const minted = await desk.run(['token', 'mint', '--note', 'for the pager', '--quiet', ...config])
      assert.equal(minted.code, 0, minted.stderr)
      const spare = JSON.parse((await desk.run(['token', 'mint', '--json', '--file', file])).stdout)
      const token = minted.stdout.trim()
      const listed = await desk.run(['token', 'list', ...config])
      assert.match(listed.stdout, /^[0-9a-f]{8} +\S+Z +for the pager$/m)
      assert.equal(listed.stdout.includes(token), false)

      assert.equal((await desk.run(['token', 'revoke', spare.id, ...config])).code, 0)
      assert.equal((await desk.run(['token', 'revoke', spare.id, ...config])).code, 3)
      assert.equal((await drain(spare.token)).code, 4)
      const drained = await drain(token)
      assert.equal(drained.code, 0, drained.stderr)
      const agent = new ZyndAgent('late')
      assert.equal((await agent.register(url)).status, 503)
    })
  }))

test('info and search --all-nodes end with 1 where the nodes differ, and say who stands against whom', () =>
  atBuiltDesk((desk) =>
    withCluster(1, FAST, (other) =>
      // Under the public address of the second node another cluster answers, which knows nothing of the entity.
      withCluster(1, FAST, async (cluster) => {
        const first = cluster.node(0)
        await (await cluster.add({ settings: [`http.public_url=${other.node(0).url}`] })).ready()
        desk.environment.ROLLCALL_REGISTRY_URL = first.url
        const agent = new ZyndAgent('seen by some')
        await agent.register(first.url)
        await until(20_000, 'converged', () => hasConverged(first.url, 2))
        const info = await desk.run(['info', agent.id, '--all-nodes'])
        assert.match(info.stdout, /^node-1 +entity_not_found/m)
        assert.match(info.stdout, /^the nodes differ: node-0 against node-1$/m)
        assert.equal(info.code, 1)
        const search = await desk.run(['search', 'seen', '--status', 'any', '--all-nodes', '--json'])
        const { agree, summary } = JSON.parse(search.stdout)
        assert.deepEqual([search.code, agree, summary], [1, false, 'the nodes differ: node-0 against node-1'])
      }),
    ),
  ))

/** Whether the newest beat is `seconds` after the registration. */
const beatsOf = async (url: string, id: string, seconds: number): Promise<boolean> => {
  const { registered_at: from, last_heartbeat: to } = await (await fetch(`${url}/v1/entities/${id}`)).json()
  return Date.parse(to) - Date.parse(from) > 1_000 * seconds
}

const hasPython = spawnSync('python3', ['--version']).status === 0

/** A web server as somebody else wrote it. */
const webServer = (port: number): readonly string[] =>
  hasPython
    ? ['python3', '-m', 'http.server', String(port), '--bind', '127.0.0.1']
    : [
        process.execPath,
        '-e',
        `require('node:http').createServer((_, r) => r.end('here')).listen(${port}, '127.0.0.1')`,
      ]

test('run wraps a web server: active while it serves, its signals and exit code passed on, goodbye at the end', () =>
  atBuiltDesk((desk) =>
    withCluster(1, FAST, async (cluster) => {
      desk.environment.ROLLCALL_REGISTRY_URL = cluster.node(0).url
      const id = (await desk.run(['keys', 'new', '--quiet'])).stdout.trim()
      const status = async (): Promise<string> => (await desk.run(['info', id, '--quiet'])).stdout.trim()
      const port = await freePort()
      const page = `http://127.0.0.1:${port}/`
      const running = desk.start(['run', '--name', 'files', '--url', page, '--', ...webServer(port)])
      await until(20_000, 'active', async () => (await status()) === 'active')
      const { value } = await until(10_000, 'the page', async () => (await fetch(page)).ok)
      assert.equal(value, true)
      // Several thresholds of silence, were it not for the beats of the wrapper.
      await until(30_000, 'beats', async () => beatsOf(cluster.node(0).url, id, 12))
      assert.equal(await status(), 'active')
      running.kill('SIGTERM')
      const ended = await running.ended
      assert.equal(ended.code, 128 + 15, ended.stderr)
      await assert.rejects(fetch(page), 'the web server is gone')
      assert.equal(await status(), 'inactive')
    }),
  ))

test('every command that asks a registry ends with 5 where none answers, and says so', () =>
  atBuiltDesk(async (desk) => {
    desk.environment.ROLLCALL_REGISTRY_URL = `http://127.0.0.1:${await freePort()}`
    const id = (await desk.run(['keys', 'new', '--quiet'])).stdout.trim()
    const calls: readonly (readonly string[])[] = [
      ['node', 'status'],
      ['node', 'peers'],
      ['node', 'drain', '--token', 'rca_none'],
      ['register', '--name', 'weather', '--url', 'http://a'],
      ['update', id, '--set', 'summary=x'],
      ['deregister', id],
      ['search'],
      ['search', '--all-nodes'],
      ['info', id],
      ['info', id, '--all-nodes'],
      ['audit', 'verify'],
      ['backup', desk.path('copy'), '--online', '--token', 'rca_none'],
      ['developer', 'register', '--name', 'Ada'],
      ['developer', 'show'],
      ['handle', 'claim', 'ada-labs'],
      ['handle', 'release', 'ada-labs'],
      ['name', 'bind', id, 'weather'],
      ['name', 'release', 'ada-labs/weather'],
      ['resolve', 'ada-labs/weather'],
    ]
    for (const args of calls) {
      const { code, stderr } = await desk.run([...args, '--json'])
      assert.equal(code, 5, `${args.join(' ')}: ${stderr}`)
      assert.equal(JSON.parse(stderr).error, 'unreachable', args.join(' '))
    }
  }))

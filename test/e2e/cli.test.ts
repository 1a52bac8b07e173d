/** The command against node processes, as a person or a script would use it. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { mintToken } from '@rollcall/node'
import { atBuiltDesk, type Desk } from '../../packages/cli/test/command.ts'
import { hasConverged } from './support/cluster-view.ts'
import { Cluster, FAST } from './support/node-process.ts'
import { until } from './support/wait.ts'

let cluster: Cluster
let folder: string
let adminToken: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollcall-admin-'))
  const file = join(folder, 'tokens')
  adminToken = mintToken(file, 'test').token
  cluster = await Cluster.start(3, [...FAST, `security.admin_token_file=${file}`])
  await until(20_000, 'converged', () => hasConverged(cluster.node(0).url, 3))
})

after(async () => {
  await cluster.stop()
  await rm(folder, { recursive: true })
})

/** A desk whose commands talk to the cluster, with a key of its own; and the id of its agent. */
const asAgent = (work: (desk: Desk, id: string) => Promise<void>): Promise<void> =>
  atBuiltDesk(async (desk) => {
    desk.environment.ROLLCALL_REGISTRY_URL = cluster.nodes.map((node) => node.url).join(',')
    const { stdout } = await desk.run(['keys', 'new', '--quiet'])
    await work(desk, stdout.trim())
  })

/** The JSON that a command prints; it must end with `code`. */
const json = async (desk: Desk, args: readonly string[], code = 0): Promise<Record<string, unknown>> => {
  const ended = await desk.run([...args, '--json'])
  assert.equal(ended.code, code, `${args.join(' ')}: ${ended.stderr}`)
  return JSON.parse(ended.stdout)
}

test('register, info, search, update, deregister: what a person does, with the exit codes a script reads', () =>
  asAgent(async (desk, id) => {
    const args = ['register', '--name', 'Weather of today', '--url', 'http://127.0.0.1:5000', '--tags', 'sun, rain']
    const registered = await json(desk, [...args, '--category', 'demo', '--set', 'entity_pricing={"base":1}'])
    assert.deepEqual(
      [registered.entity_id, registered.status, registered.tags, registered.entity_pricing],
      [id, 'inactive', ['sun', 'rain'], { base: 1 }],
    )
    const again = await desk.run(args)
    assert.equal(again.code, 4)
    assert.match(again.stderr, /^rollcall: already_registered: .* \(request \S+ at http:\S+\)$/m)

    assert.equal((await desk.run(['info', id, '--quiet'])).stdout, 'inactive\n')
    assert.equal((await desk.run(['search', 'weather', 'today', '--quiet'])).stdout, '', 'only what is online')
    const found = await desk.run(['search', 'weather', 'today', '--status', 'any', '--tag', 'rain', '--quiet'])
    assert.equal(found.stdout, `${id}\n`)

    assert.equal(
      (await json(desk, ['update', id, '--set', 'summary=Tells it', '--set', 'entity_pricing='])).summary,
      'Tells it',
    )
    await until(5_000, 'agreement', async () => (await desk.run(['info', id, '--all-nodes'])).code === 0)
    const everywhere = await json(desk, ['info', id, '--all-nodes'])
    assert.deepEqual([everywhere.agree, everywhere.summary], [true, '3 nodes agree'])

    await json(desk, ['deregister', id])
    const gone = await desk.run(['info', id])
    assert.equal(gone.code, 3)
    assert.match(gone.stderr, /^rollcall: entity_deregistered: /m)
  }))

test("another's entity is refused: 4", () =>
  asAgent(async (desk, id) => {
    await json(desk, ['register', '--name', 'mine', '--url', 'http://a'])
    const other = desk.path('other.json')
    await desk.run(['keys', 'new', '--key', other])
    for (const args of [
      ['update', id, '--set', 'name=yours'],
      ['deregister', id],
    ]) {
      const { code, stderr } = await desk.run([...args, '--key', other])
      assert.equal(code, 4, stderr)
      assert.match(stderr, /^rollcall: (forbidden|signature_invalid): /m)
    }
  }))

test('a developer vouches for an entity at registration, and may then write for it', () =>
  asAgent(async (desk) => {
    const developer = desk.path('.rollcall', 'key.json')
    const entity = desk.path('entity.json')
    const { agent_id: id } = await json(desk, ['keys', 'derive', '--index', '5', '--out', entity])
    const { developer_id } = await json(desk, ['whoami'])
    const args = ['register', '--name', 'vouched', '--url', 'http://a', '--key', entity, '--developer-key', developer]
    const registered = await json(desk, args)
    assert.deepEqual([registered.entity_id, registered.developer_id, registered.entity_index], [id, developer_id, 5])
    await json(desk, ['update', String(id), '--set', 'summary=by the developer'])
    await json(desk, ['deregister', String(id)])
  }))

test('run registers, says that it is connected, keeps the entity active, and leaves with goodbye', () =>
  asAgent(async (desk, id) => {
    const running = desk.start(['run', '--name', 'runner', '--url', 'http://a'])
    await running.printed(/^registered runner as zns:/m)
    await running.printed(/^\[heartbeat\] connected — pinging every 1s$/m)
    await until(5_000, 'active', async () => (await desk.run(['info', id, '--quiet'])).stdout === 'active\n')
    running.kill('SIGTERM')
    assert.equal((await running.ended).code, 0)
    assert.equal((await desk.run(['info', id, '--quiet'])).stdout, 'inactive\n')

    const unchanged = desk.start(['run'])
    await unchanged.printed(/connected/)
    assert.doesNotMatch(unchanged.stdout, /registered|updated/)
    unchanged.kill('SIGINT')
    assert.equal((await unchanged.ended).code, 0)
  }))

test('run without a name for an entity that nobody registered is a usage error', () =>
  asAgent(async (desk) => {
    const { code, stderr } = await desk.run(['run'])
    assert.equal(code, 2)
    assert.match(stderr, /is not registered; give --name and --url/)
  }))

test('run beats while its command runs, passes its output through, and ends with its code', () =>
  asAgent(async (desk, id) => {
    const script =
      "console.log('serving'); process.stdin.resume(); process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1e6)"
    const running = desk.start(['run', '--name', 'wrapped', '--url', 'http://a', '--', process.execPath, '-e', script])
    await running.printed(/connected/)
    await until(5_000, 'active', async () => (await desk.run(['info', id, '--quiet'])).stdout === 'active\n')
    running.kill('SIGTERM')
    const ended = await running.ended
    assert.deepEqual([ended.code, ended.stdout], [5, 'serving\n'])
    assert.equal((await desk.run(['info', id, '--quiet'])).stdout, 'inactive\n')
  }))

test('L8: a second run of the same key takes over, and the first ends with 4 and takes its command along', () =>
  asAgent(async (desk) => {
    const [only = ''] = cluster.nodes.map((node) => node.url)
    const args = ['run', '--name', 'twin', '--url', 'http://a', '--registry', only]
    const first = desk.start([...args, '--', 'sleep', '60'])
    await first.printed(/connected/)
    const second = desk.start(args)
    await second.printed(/connected/)
    const ended = await first.ended
    assert.equal(ended.code, 4)
    assert.match(ended.stderr, /^rollcall: superseded: .*\(close code 4409\)$/m)
    second.kill('SIGTERM')
    assert.equal((await second.ended).code, 0)
  }))

test('T1: deregistered while it runs, run ends with 3', () =>
  asAgent(async (desk, id) => {
    const running = desk.start(['run', '--name', 'short', '--url', 'http://a'])
    await running.printed(/connected/)
    await json(desk, ['deregister', id])
    const ended = await running.ended
    assert.equal(ended.code, 3)
    assert.match(ended.stderr, /^rollcall: deregistered: .*\(close code 4410\)$/m)
  }))

test('watch prints one line for each transition, as JSON too, and ends with 0', () =>
  asAgent(async (desk, id) => {
    const lines = desk.start(['watch'])
    const objects = desk.start(['watch', '--entity', id, '--json'])
    const running = desk.start(['run', '--name', 'watched', '--url', 'http://a', '--quiet'])
    // The feeds may begin after the registration; the goodbye they see in any case.
    await until(10_000, 'both feeds', async () => {
      if (lines.stdout.includes(id) && objects.stdout.includes(id)) return true
      await desk.run(['update', id, '--set', `summary=${performance.now()}`])
      return false
    })
    running.kill('SIGTERM')
    await running.ended
    await lines.printed(new RegExp(`inactive  watched  ${id}  active → inactive  goodbye`))
    await objects.printed(/"type":"inactive"/)
    for (const watching of [lines, objects]) {
      watching.kill('SIGTERM')
      assert.equal((await watching.ended).code, 0)
    }
    const events: { entity_id: string; cursor: string }[] = objects.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.ok(events.every((event) => event.entity_id === id))
    const resumed = desk.start(['watch', '--json', '--since', events.at(-2)?.cursor ?? ''])
    await resumed.printed(/"type":"inactive"/)
    resumed.kill('SIGINT')
    assert.equal((await resumed.ended).code, 0)
  }))

test('S3: node status and peers show the cluster as the asked node sees it', () =>
  asAgent(async (desk) => {
    await until(
      10_000,
      'converged',
      async () => (await desk.run(['node', 'status', '--quiet'])).stdout === 'converged\n',
    )
    const status = await json(desk, ['node', 'status'])
    assert.equal(status.converged, true)
    const shown = await desk.run(['node', 'status'])
    assert.match(shown.stdout, /^node +node-0$/m)
    assert.match(shown.stdout, /^peers +2 heard$/m)
    const peers = await desk.run(['node', 'peers', '--quiet', '--registry', cluster.node(2).url])
    assert.deepEqual(peers.stdout.trim().split('\n').sort(), ['node-0', 'node-1', 'node-2'])
  }))

test('search --all-nodes and info --all-nodes name the node that does not answer', () =>
  asAgent(async (desk, id) => {
    await json(desk, ['register', '--name', 'half-seen', '--url', 'http://a'])
    const search = ['search', 'half-seen', '--status', 'any', '--all-nodes']
    await until(5_000, 'agreement', async () => (await desk.run(search)).code === 0)
    const away = cluster.node(2)
    await away.kill('SIGKILL')
    try {
      for (const args of [search, ['info', id, '--all-nodes']]) {
        const { code, stdout } = await desk.run(args)
        assert.match(stdout, /^2 nodes agree; no answer from node-2$/m)
        assert.equal(code, 1)
      }
    } finally {
      await away.start()
    }
  }))

test('node start says in a sentence why it cannot start', () =>
  asAgent(async (desk) => {
    const taken = cluster.node(0).dataDir
    const options = ['--http', '127.0.0.1:0', '--mesh', '/ip4/127.0.0.1/tcp/0/ws']
    const { code, stderr } = await desk.run(['node', 'start', '--data', taken, ...options])
    assert.equal(code, 1)
    assert.match(stderr, /is in use by another node/)
  }))

test('node drain sends the sessions of a node elsewhere, for those who hold a token', () =>
  asAgent(async (desk, id) => {
    const drained = cluster.node(2).url
    const running = desk.start(['run', '--name', 'sent-away', '--url', 'http://a', '--registry', drained])
    await running.printed(/connected/)
    const drain = ['node', 'drain', '--registry', drained]
    const refused = await desk.run([...drain, '--token', 'rca_none'])
    assert.deepEqual([refused.code, /^rollcall: forbidden: /m.test(refused.stderr)], [4, true])
    const { code, stdout } = await desk.run(drain, { ROLLCALL_ADMIN_TOKEN: adminToken })
    assert.deepEqual([code, stdout], [0, `${drained} sends its sessions to other nodes\n`])
    await running.printed(/is stopping(?:.*\n)+.*connected/)
    await until(10_000, 'another attendant', async () => {
      const { attendant, status } = await json(desk, ['info', id])
      return status === 'active' && attendant !== cluster.node(2).nodeId
    })
    running.kill('SIGTERM')
    assert.equal((await running.ended).code, 0)
  }))

/** Developers, handles and full names, as the command serves them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { atBuiltDesk, type Desk } from '../../packages/cli/test/command.ts'
import { Cluster } from './support/node-process.ts'
import { until } from './support/wait.ts'

let cluster: Cluster
before(async () => {
  cluster = await Cluster.start(2)
})
after(() => cluster.stop())

const ok = async (desk: Desk, ...args: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await desk.run(args)
  assert.equal(code, 0, stderr)
  return stdout.trim()
}

test('N1, N3: a developer registers, claims a handle, names an entity; another node resolves it; all is given up again', () =>
  atBuiltDesk(async (desk) => {
    const [here, there] = [cluster.node(0).url, cluster.node(1).url]
    desk.environment.ROLLCALL_REGISTRY_URL = here
    await ok(desk, 'keys', 'new')
    const developer = desk.path('.rollcall', 'key.json')
    const entity = desk.path('entity.json')
    const id = await ok(desk, 'keys', 'derive', '--index', '1', '--out', entity, '--quiet')
    const developerId = await ok(desk, 'developer', 'register', '--name', 'Ada', '--quiet')
    assert.match(developerId, /^zns:dev:/)
    await ok(desk, 'handle', 'claim', 'ada-labs')
    const shown = JSON.parse(await ok(desk, 'developer', 'show', '--json'))
    assert.deepEqual([shown.developer_id, shown.name, shown.dev_handle], [developerId, 'Ada', 'ada-labs'])

    const vouched = ['--key', entity, '--developer-key', developer]
    await ok(desk, 'register', '--name', 'Weather', '--url', 'http://127.0.0.1:5000', ...vouched)
    const fqan = await ok(desk, 'name', 'bind', id, 'weather', '--quiet')
    assert.match(fqan, /\/ada-labs\/weather$/)
    const resolved = (): Promise<{ code: number | null; stdout: string }> =>
      desk.run(['resolve', 'ada-labs/weather', '--quiet', '--registry', there])
    await until(10_000, 'the other node', async () => (await resolved()).stdout === `${id}\n`)

    const stranger = desk.path('stranger.json')
    await ok(desk, 'keys', 'new', '--key', stranger)
    assert.equal((await desk.run(['name', 'release', fqan, '--key', stranger])).code, 4)
    await ok(desk, 'name', 'release', fqan)
    assert.equal((await desk.run(['resolve', fqan])).code, 3)
    await ok(desk, 'handle', 'release', 'ada-labs')
    assert.equal((await desk.run(['handle', 'claim', 'NO'])).code, 4)
    assert.equal((await desk.run(['resolve', 'nonsense'])).code, 2)
  }))

/** The real binary: how it is called, how it fails, and what it does without a registry. */
import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { atDesk, type Desk } from './command.ts'

const ID = 'zns:0123456789abcdef0123456789abcdef'

/** An address at which nobody listens: a port that was free a moment ago. */
const nowhere = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(`http://127.0.0.1:${port}`))
    })
  })

describe('calling', () => {
  test('help and version succeed, on standard output', () =>
    atDesk(async (desk) => {
      const help = await desk.run(['--help'])
      assert.equal(help.code, 0)
      for (const verb of [
        'node',
        'keys',
        'whoami',
        'register',
        'update',
        'deregister',
        'run',
        'search',
        'info',
        'watch',
      ]) {
        assert.match(help.stdout, new RegExp(`^ +${verb}\\b`, 'm'))
      }
      const version = await desk.run(['--version'])
      const { version: expected } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
      assert.deepEqual([version.code, version.stdout.trim()], [0, expected])
    }))

  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [[], /Usage: rollcall/],
    [['dance'], /unknown command/],
    [['node'], /Usage: rollcall node/],
    [['search', '--colour', 'red'], /unknown option/],
    [['search', '--status', 'asleep'], /Allowed choices are online, offline, any/],
    [['search', '--limit', 'many'], /whole number/],
    [['info'], /missing required argument/],
    [['info', 'weather'], /An entity id is zns:/],
    [['register', '--name', 'weather'], /needs --name and --url/],
    [['update', ID], /nothing to change/],
    [['update', ID, '--set', 'colour=red'], /names no field; the fields are name, entity_url/],
    [['update', ID, '--set', 'entity_pricing={'], /is not JSON/],
    [['--registry', 'ftp://x', 'search'], /is not an http or https URL/],
    [['node', 'check', '--set', 'heartbeat.colour=red'], /heartbeat\.colour/],
    [['node', 'config', 'show', '--set', 'nonsense'], /section\.key=value/],
    [['node', 'start', '--set', 'heartbeat.interval_seconds=0'], /heartbeat\.interval_seconds/],
    [['node', 'drain'], /needs an admin token/],
  ]
  for (const [args, says] of wrong) {
    test(`rollcall ${args.join(' ')} is a usage error: 2, and says why`, () =>
      atDesk(async (desk) => {
        const { code, stderr } = await desk.run(args)
        assert.match(stderr, says)
        assert.equal(code, 2)
      }))
  }
})

describe('keys', () => {
  const newKey = async (desk: Desk, ...args: string[]): Promise<Record<string, string>> => {
    const { code, stdout, stderr } = await desk.run(['--json', ...args])
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  test('new writes a key for its owner only, show reads it, and a second new does not replace it', () =>
    atDesk(async (desk) => {
      const made = await newKey(desk, 'keys', 'new')
      assert.equal(made.path, desk.path('.rollcall', 'key.json'))
      assert.equal(statSync(desk.path('.rollcall', 'key.json')).mode & 0o777, 0o600)
      assert.deepEqual(await newKey(desk, 'keys', 'show'), made)
      const again = await desk.run(['keys', 'new'])
      assert.equal(again.code, 4)
      assert.match(again.stderr, /^rollcall: forbidden: .*exists and is not overwritten; --force replaces it\.$/m)
      assert.deepEqual(await newKey(desk, 'keys', 'show'), made)
      assert.notEqual((await newKey(desk, 'keys', 'new', '--force')).public_key, made.public_key)
    }))

  test('derive gives the same key for the same index, another for another, and writes where it is told', () =>
    atDesk(async (desk) => {
      const developer = await newKey(desk, 'keys', 'new')
      const file = desk.path('agents', 'two.json')
      const two = await newKey(desk, 'keys', 'derive', '--index', '2', '--out', file)
      assert.equal((await newKey(desk, 'keys', 'derive', '--index', '2')).public_key, two.public_key)
      assert.notEqual((await newKey(desk, 'keys', 'derive')).public_key, two.public_key)
      const shown: unknown = await newKey(desk, '--key', file, 'keys', 'show')
      assert.deepEqual(shown, {
        ...two,
        derived_from: { developer_id: developer.developer_id, entity_index: 2 },
      })
    }))

  test('the key is that of --key, else ROLLCALL_KEY, else the home folder', () =>
    atDesk(async (desk) => {
      const [flag, variable] = [desk.path('flag.json'), desk.path('variable.json')]
      const ids = [
        await newKey(desk, '--key', flag, 'keys', 'new'),
        await newKey(desk, '--key', variable, 'keys', 'new'),
        await newKey(desk, 'keys', 'new'),
      ].map(({ agent_id }) => agent_id)
      const asked = await Promise.all([
        desk.run(['whoami', '--quiet', '--key', flag], { ROLLCALL_KEY: variable }),
        desk.run(['whoami', '--quiet'], { ROLLCALL_KEY: variable }),
        desk.run(['whoami', '--quiet']),
      ])
      assert.deepEqual(
        asked.map(({ stdout }) => stdout.trim()),
        ids,
      )
    }))

  test('a missing key file is 3 and says what to do, a broken one is 1', () =>
    atDesk(async (desk) => {
      const missing = await desk.run(['whoami'])
      assert.equal(missing.code, 3)
      assert.match(missing.stderr, /`rollcall keys new` makes one/)
      writeFileSync(desk.path('broken.json'), '{"private_key": "no"}')
      const broken = await desk.run(['whoami', '--key', desk.path('broken.json')])
      assert.equal(broken.code, 1)
      assert.match(broken.stderr, /private_key is not 32 or 64 bytes/)
    }))
})

describe('the registry', () => {
  test('is that of the flags, else ROLLCALL_REGISTRY_URL, ZYND_REGISTRY_URL, the configuration file, this machine', () =>
    atDesk(async (desk) => {
      await desk.run(['keys', 'new'])
      await mkdir(desk.path('.zynd'))
      await mkdir(desk.path('other'))
      const file = '{"registry_url":"http://file"}'
      const both = { ROLLCALL_REGISTRY_URL: 'http://one, http://two', ZYND_REGISTRY_URL: 'http://zynd' }
      const chosen = async (args: readonly string[], environment: Record<string, string> = {}): Promise<unknown> => {
        const { stdout } = await desk.run([...args, 'whoami', '--json'], environment)
        const { registries, registry_source } = JSON.parse(stdout)
        return [registries, registry_source]
      }
      assert.deepEqual(await chosen([]), [['http://127.0.0.1:8081'], 'default'])
      writeFileSync(desk.path('.zynd', 'config.json'), file)
      writeFileSync(desk.path('other', 'config.json'), '{"registry_url":"http://elsewhere"}')
      assert.deepEqual(await chosen([]), [['http://file'], desk.path('.zynd', 'config.json')])
      assert.deepEqual(await chosen([], { ZYND_HOME: desk.path('other') }), [
        ['http://elsewhere'],
        desk.path('other', 'config.json'),
      ])
      assert.deepEqual(await chosen([], { ZYND_REGISTRY_URL: 'http://zynd' }), [['http://zynd'], 'ZYND_REGISTRY_URL'])
      assert.deepEqual(await chosen([], both), [['http://one', 'http://two'], 'ROLLCALL_REGISTRY_URL'])
      assert.deepEqual(await chosen(['--registry', 'http://a', '--registry', 'http://b'], both), [
        ['http://a', 'http://b'],
        '--registry',
      ])
    }))

  test('that cannot be reached is 5, in words and in JSON', () =>
    atDesk(async (desk) => {
      const registry = await nowhere()
      await desk.run(['keys', 'new'])
      const commands = [
        ['search', 'weather'],
        ['info', ID],
        ['info', ID, '--all-nodes'],
        ['register', '--name', 'a', '--url', 'http://a'],
        ['deregister', ID],
        ['node', 'status'],
        ['node', 'peers'],
      ]
      for (const command of commands) {
        const { code, stderr } = await desk.run([...command, '--registry', registry])
        assert.match(
          stderr,
          /^rollcall: unreachable: .*ECONNREFUSED.*\. Check the address, and that a node listens there\./m,
        )
        assert.equal(code, 5, command.join(' '))
      }
      const { code, stderr, stdout } = await desk.run(['search', '--json', '--registry', registry])
      assert.equal(code, 5)
      assert.equal(stdout, '')
      const report = JSON.parse(stderr)
      assert.deepEqual([report.error, report.registry], ['unreachable', registry])
    }))
})

describe('run without a registry', () => {
  test('goes on trying, and ends with 0 when it is stopped', () =>
    atDesk(async (desk) => {
      await desk.run(['keys', 'new'])
      const running = desk.start(['run', '--name', 'a', '--url', 'http://a', '--registry', await nowhere()])
      await running.printed(/not registered yet: .*(?:\n.*)*not registered yet/)
      running.kill('SIGTERM')
      assert.equal((await running.ended).code, 0)
    }))

  test('runs the wrapped command all the same, and ends with its code', () =>
    atDesk(async (desk) => {
      await desk.run(['keys', 'new'])
      const args = ['run', '--name', 'a', '--url', 'http://a', '--registry', await nowhere(), '--']
      const ended = await desk.run([...args, 'sh', '-c', 'echo "$0 $1"; exit 7', '--quiet', '--json'])
      assert.equal(ended.stdout, '--quiet --json\n', 'nothing but what the command itself prints')
      assert.equal(ended.code, 7)
    }))

  test('passes signals on to the wrapped command, and waits for it', () =>
    atDesk(async (desk) => {
      await desk.run(['keys', 'new'])
      const script =
        "process.on('SIGTERM', () => { console.log('told'); process.exit(3) }); setInterval(() => {}, 1000); console.log('up')"
      const args = ['run', '--name', 'a', '--url', 'http://a', '--registry', await nowhere(), '--']
      const running = desk.start([...args, process.execPath, '-e', script])
      await running.printed(/^up$/m)
      running.kill('SIGTERM')
      const ended = await running.ended
      assert.equal(ended.stdout, 'up\ntold\n')
      assert.equal(ended.code, 3)
    }))

  test('a command that cannot be started is 1', () =>
    atDesk(async (desk) => {
      await desk.run(['keys', 'new'])
      const { code, stderr } = await desk.run(['run', '--', desk.path('no-such-program')])
      assert.equal(code, 1)
      assert.match(stderr, /ENOENT/)
    }))
})

describe('node check and config show', () => {
  test('a configuration that stands, with a folder that can be written, is ok', () =>
    atDesk(async (desk) => {
      const { code, stdout } = await desk.run(['node', 'check', '--data', desk.path('data'), '--json'])
      assert.deepEqual([code, JSON.parse(stdout)], [0, { ok: true, problems: [], data_dir: desk.path('data') }])
    }))

  test('a data folder that is a file cannot be written: 1', () =>
    atDesk(async (desk) => {
      writeFileSync(desk.path('data'), '')
      const { code, stderr } = await desk.run(['node', 'check', '--data', desk.path('data')])
      assert.match(stderr, /cannot be written: EEXIST/)
      assert.equal(code, 1)
    }))

  test('every problem of a configuration is told, not only the first', () =>
    atDesk(async (desk) => {
      const wrong = ['--set', 'heartbeat.interval_seconds=-1', '--set', 'search.max_limit=x']
      const { code, stdout } = await desk.run(['node', 'check', '--json', ...wrong])
      assert.deepEqual([code, JSON.parse(stdout).problems.length], [2, 2])
    }))

  test('config show names each setting with value and source', () =>
    atDesk(async (desk) => {
      const { stdout } = await desk.run(['node', 'config', 'show', '--name', 'n1', '--json'], {
        ROLLCALL_HEARTBEAT_INTERVAL_SECONDS: '20',
      })
      const settings: { key: string; value: string; source: string }[] = JSON.parse(stdout)
      const sourceOf = (key: string): string | undefined => settings.find((setting) => setting.key === key)?.source
      assert.deepEqual(
        [sourceOf('node.name'), sourceOf('heartbeat.interval_seconds'), sourceOf('http.listen')],
        ['flag --name', 'environment ROLLCALL_HEARTBEAT_INTERVAL_SECONDS', 'default'],
      )
    }))
})

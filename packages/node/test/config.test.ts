import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import {
  type Config,
  ConfigError,
  checkValue,
  environmentName,
  FAST_PROFILE,
  loadConfig,
  type NodeOptions,
  profileAssignments,
  SETTINGS,
  showConfig,
} from '@rollcall/node'

const folder = mkdtempSync(join(tmpdir(), 'rollcall-config-'))
after(() => rmSync(folder, { recursive: true }))

let files = 0
const fileWith = (text: string): string => {
  const path = join(folder, `${files++}.toml`)
  writeFileSync(path, text)
  return path
}

const configOf = (options: NodeOptions, environment: Record<string, string> = {}): Config => {
  const loaded = loadConfig(options, environment)
  if (!loaded.ok) throw new ConfigError(loaded.problems)
  return loaded.config
}

const problemsOf = (options: NodeOptions, environment: Record<string, string> = {}): string => {
  const loaded = loadConfig(options, environment)
  return loaded.ok ? '' : loaded.problems.join('\n')
}

describe('where a value comes from', () => {
  const file = fileWith('[heartbeat]\ninterval_seconds = 21\nsweep_interval_seconds = 22\nrestart_grace_seconds = 23\n')
  const environment = {
    ROLLCALL_HEARTBEAT_SWEEP_INTERVAL_SECONDS: '32',
    ROLLCALL_HEARTBEAT_RESTART_GRACE_SECONDS: '33',
  }
  const options = { config: file, set: ['heartbeat.restart_grace_seconds=43'] }

  test('a flag overrides the environment, which overrides the file, which overrides the default', () => {
    const { heartbeat } = configOf(options, environment)
    assert.equal(heartbeat.inactiveThresholdSeconds, 300)
    assert.equal(heartbeat.intervalSeconds, 21)
    assert.equal(heartbeat.sweepIntervalSeconds, 32)
    assert.equal(heartbeat.restartGraceSeconds, 43)
  })

  test('config show names the source of each', () => {
    const shown = new Map(showConfig(options, environment).map(({ key, source }) => [key, source]))
    assert.equal(shown.get('heartbeat.inactive_threshold_seconds'), 'default')
    assert.equal(shown.get('heartbeat.interval_seconds'), `file ${file}`)
    assert.equal(shown.get('heartbeat.sweep_interval_seconds'), 'environment ROLLCALL_HEARTBEAT_SWEEP_INTERVAL_SECONDS')
    assert.equal(shown.get('heartbeat.restart_grace_seconds'), 'flag --set')
    assert.equal(shown.size, SETTINGS.length)
  })

  test('the short flags stand for settings, and --join may be repeated', () => {
    const join = ['/ip4/10.0.0.1/tcp/9001/ws', '/dns4/node-b/tcp/9001/ws']
    const config = configOf({ name: 'a', data: '/d', http: '[::1]:80', mesh: '/ip4/0.0.0.0/tcp/1/ws', join })
    assert.equal(config.node.name, 'a')
    assert.equal(config.node.dataDir, '/d')
    assert.equal(config.http.listen, '[::1]:80')
    assert.equal(config.mesh.listen, '/ip4/0.0.0.0/tcp/1/ws')
    assert.deepEqual(config.mesh.join, join)
  })

  test('a list is an array in a file and separated by commas elsewhere', () => {
    const config = fileWith('[security]\ncors_origins = ["https://a.example", "https://b.example"]\n')
    assert.deepEqual(configOf({ config }).security.corsOrigins, ['https://a.example', 'https://b.example'])
    const variable = { ROLLCALL_SECURITY_CORS_ORIGINS: 'https://c.example, https://d.example' }
    assert.deepEqual(configOf({ config }, variable).security.corsOrigins, ['https://c.example', 'https://d.example'])
    assert.deepEqual(configOf({ config }, { ROLLCALL_SECURITY_CORS_ORIGINS: '' }).security.corsOrigins, [])
  })

  test('a node without a name takes that of its host', () => {
    assert.equal(configOf({}).node.name, hostname())
  })

  test('variables of other programs are left alone', () => {
    assert.equal(problemsOf({}, { ROLLCALL_REGISTRY_URL: 'http://x', PATH: '/bin', ZYND_HOME: '/z' }), '')
    const kubernetes = {
      ROLLCALL_NODE_SERVICE_HOST: '10.0.0.1',
      ROLLCALL_NODE_SERVICE_PORT_HTTP: '80',
      ROLLCALL_NODE_PORT: 'tcp://10.0.0.1:80',
      ROLLCALL_NODE_PORT_80_TCP_ADDR: '10.0.0.1',
    }
    assert.equal(problemsOf({}, kubernetes), '')
    assert.match(problemsOf({}, { ROLLCALL_HTTP_PORT: '80' }), /is not a setting/)
  })
})

describe('what stops the start', () => {
  test('an unknown key, with the name that was meant', () => {
    const config = fileWith('[heartbeat]\nintervall_seconds = 30\n')
    assert.equal(
      problemsOf({ config }),
      `heartbeat.intervall_seconds (file ${config}) is not a setting; did you mean heartbeat.interval_seconds?`,
    )
    assert.match(
      problemsOf({ set: ['nothing.like.this=1'] }),
      /^nothing\.like\.this \(flag --set\) is not a setting\.$/,
    )
    assert.match(
      problemsOf({}, { ROLLCALL_HEARTBEAT_INTERVAL: '1' }),
      /environment ROLLCALL_HEARTBEAT_INTERVAL\) is not a/,
    )
    assert.match(problemsOf({ config: fileWith('name = "a"\n') }), /^name .* stands outside a section/)
  })

  test('a bad value, with the bound', () => {
    assert.equal(
      problemsOf({}, { ROLLCALL_HEARTBEAT_INTERVAL_SECONDS: 'often' }),
      'heartbeat.interval_seconds is often (environment ROLLCALL_HEARTBEAT_INTERVAL_SECONDS); it must be a number of seconds from 0.05 to 3600.',
    )
    assert.match(
      problemsOf({ http: 'here' }),
      /^http\.listen is here \(flag --http\); it must be HOST:PORT with a port/,
    )
    assert.match(problemsOf({ join: ['node-b:9001'] }), /^mesh\.join is \["node-b:9001"\] \(flag --join\)/)
    assert.match(problemsOf({ set: ['node.mode=half'] }), /it must be one of full, edge\.$/)
    assert.match(
      problemsOf({ set: ['gossip.batch_window_ms=1.5'] }),
      /must be a whole number of milliseconds from 0 to 1000/,
    )
    assert.match(problemsOf({ set: ['security.zynd_signatures=yes'] }), /must be true or false/)
    assert.match(problemsOf({ set: ['node.name'] }), /is not of the form section\.key=value/)
  })

  test('a file that cannot be read, with the place', () => {
    const config = fileWith('[node]\nname = \n')
    assert.match(
      problemsOf({ config }),
      new RegExp(`^the configuration file ${config} cannot be read: line 2, column \\d+: `),
    )
    assert.match(problemsOf({ config: join(folder, 'none.toml') }), /cannot be read: ENOENT/)
  })

  test('every problem is told, not only the first', () => {
    assert.equal(problemsOf({ http: 'x', mesh: 'y', set: ['a.b=1'] }).split('\n').length, 3)
  })

  test('a value that may be a secret is not repeated', () => {
    const [, ...rest] = problemsOf({ set: [`mesh.psk_file=${'s'.repeat(5000)}`] }).split(' is ')
    assert.match(rest.join(''), /^\*{8} \(flag --set\)/)
  })
})

describe('L11: pairs that contradict each other', () => {
  const refused = (set: readonly string[], sentence: RegExp): void => assert.match(problemsOf({ set }), sentence)

  test('L11: the threshold is at least three intervals', () => {
    const rest = ['heartbeat.max_clock_skew_seconds=1', 'heartbeat.restart_grace_seconds=0']
    refused(
      ['heartbeat.inactive_threshold_seconds=89.9', ...rest],
      /^heartbeat\.inactive_threshold_seconds is 89\.9; it must be at least 90 \(3 × heartbeat\.interval_seconds\)/,
    )
    assert.equal(problemsOf({ set: ['heartbeat.inactive_threshold_seconds=90', ...rest] }), '')
  })

  test('L11: the threshold is at least three skews and two intervals', () => {
    refused(
      ['heartbeat.inactive_threshold_seconds=239'],
      /is 239; it must be at least 240 \(3 × heartbeat\.max_clock_skew/,
    )
    assert.equal(problemsOf({ set: ['heartbeat.inactive_threshold_seconds=240'] }), '')
  })

  test('L11: a tombstone is kept for more than two skews', () => {
    refused(
      ['tombstone.retention_seconds=120'],
      /^tombstone\.retention_seconds is 120; it must be more than 120 \(2 × /,
    )
    assert.equal(problemsOf({ set: ['tombstone.retention_seconds=120.5'] }), '')
  })

  test('L11: a socket may idle for longer than the threshold', () => {
    refused(
      ['limits.socket_idle_seconds=300'],
      /^limits\.socket_idle_seconds is 300; it must be more than 300 \(heartbeat/,
    )
    assert.equal(problemsOf({ set: ['limits.socket_idle_seconds=300.5'] }), '')
  })

  test('a grace above the threshold, a page above the largest, and forgetting before retention', () => {
    refused(['heartbeat.restart_grace_seconds=301'], /^heartbeat\.restart_grace_seconds is 301; it must be at most 300/)
    refused(['search.default_limit=101'], /^search\.default_limit is 101; it must be at most 100 \(search\.max_limit\)/)
    refused(['tombstone.forget_after_seconds=86399'], /must be at least 86400 \(tombstone\.retention_seconds\)/)
  })

  test('fractions of seconds are allowed, and three tenths are three times a tenth', () => {
    const { heartbeat } = configOf({
      set: [
        'heartbeat.interval_seconds=0.1',
        'heartbeat.inactive_threshold_seconds=0.35',
        'heartbeat.max_clock_skew_seconds=0.05',
        'heartbeat.restart_grace_seconds=0.3',
      ],
    })
    assert.equal(heartbeat.intervalSeconds, 0.1)
    const tight = ['interval_seconds=0.1', 'inactive_threshold_seconds=0.5', 'max_clock_skew_seconds=0.1']
    const set = [...tight.map((pair) => `heartbeat.${pair}`), 'heartbeat.restart_grace_seconds=0.5']
    assert.equal(problemsOf({ set }), '')
  })
})

describe('the table', () => {
  test('every default is allowed, and every key is section.name with a unique variable', () => {
    for (const setting of SETTINGS) {
      assert.deepEqual(checkValue(setting, setting.default), setting.default, setting.key)
      assert.match(setting.key, /^[a-z]+\.[a-z]+(_[a-z]+)*$/)
      assert.match(setting.reason, /[.]$/)
    }
    assert.equal(new Set(SETTINGS.map(({ key }) => environmentName(key))).size, SETTINGS.length)
  })

  test('a number outside its bounds is refused on both sides', () => {
    for (const setting of SETTINGS) {
      if (setting.kind !== 'number' && setting.kind !== 'integer') continue
      assert.equal(checkValue(setting, setting.min), setting.min)
      assert.equal(checkValue(setting, setting.max), setting.max)
      assert.equal(checkValue(setting, setting.min - 0.01), undefined)
      assert.equal(checkValue(setting, setting.max + 1), undefined)
      assert.equal(checkValue(setting, Number.NaN), undefined)
    }
  })

  test('config show hides what may be a secret and shows the name of a file that exists', () => {
    const file = fileWith('a key')
    const shown = (value: string): string | undefined =>
      showConfig({ set: [`mesh.psk_file=${value}`] }, {}).find(({ key }) => key === 'mesh.psk_file')?.value
    assert.equal(shown('the secret itself'), '********')
    assert.equal(shown(file), file)
    assert.equal(shown(''), '')
    assert.throws(() => showConfig({ http: 'x' }, {}), ConfigError)
  })

  test('the fast profile stands, and sets what it says', () => {
    const set = [...profileAssignments(FAST_PROFILE)]
    const shown = showConfig({ set }, {}).filter(({ source }) => source === 'flag --set')
    assert.equal(shown.length, FAST_PROFILE.length)
    assert.equal(configOf({ set }).heartbeat.inactiveThresholdSeconds, 10)
  })
})

describe('formats', () => {
  const allowed = (key: string, value: string): boolean => problemsOf({ set: [`${key}=${value}`] }) === ''

  test('an address to listen on is a host and a port', () => {
    for (const good of ['127.0.0.1:0', 'localhost:65535', '[::]:8080', 'node-a.example:80']) {
      assert.ok(allowed('http.listen', good), good)
    }
    for (const bad of ['', '8080', ':8080', '127.0.0.1', '127.0.0.1:65536', '::1:80', '[::1', 'http://a:80']) {
      assert.ok(!allowed('http.listen', bad), bad)
    }
  })

  test('an address of the mesh is a WebSocket multiaddr', () => {
    const id = '12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB'
    const good = [
      '/ip4/0.0.0.0/tcp/0/ws',
      '/ip6/::1/tcp/1/ws',
      '/dns4/a/tcp/443/wss',
      `/dns/a/tcp/443/tls/ws/p2p/${id}`,
    ]
    for (const address of good) assert.ok(allowed('mesh.listen', address), address)
    const bad = ['', 'a:1', '/ip4/300.0.0.1/tcp/1/ws', '/ip4/1.1.1.1/tcp/1', '/ip4/1.1.1.1/tcp/70000/ws']
    for (const address of [...bad, `/ip4/1.1.1.1/tcp/1/ws/p2p/${id}x`])
      assert.ok(!allowed('mesh.join', address) || address === '', address)
  })

  test('a public URL and an origin are of http or https', () => {
    assert.ok(allowed('http.public_url', '') && allowed('http.public_url', 'https://a.example/registry'))
    assert.ok(
      !allowed('http.public_url', 'a.example') &&
        !allowed('http.public_url', 'ws://a') &&
        !allowed('http.public_url', 'http://a?b'),
    )
    assert.ok(
      allowed('security.cors_origins', '*') && allowed('security.cors_origins', 'http://a:80,https://b') === false,
    )
    assert.ok(!allowed('security.cors_origins', 'https://b/path'))
  })
})

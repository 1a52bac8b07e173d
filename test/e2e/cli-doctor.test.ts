/** `rollcall doctor` against what goes wrong between an agent and its registry: each fault is named, with its remedy. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { atBuiltDesk, type Desk } from '../../packages/cli/test/command.ts'
import { hasConverged } from './support/cluster-view.ts'
import { freePort } from './support/free-port.ts'
import { Cluster } from './support/node-process.ts'
import { type ProxyFaults, ReverseProxy } from './support/reverse-proxy.ts'
import { until } from './support/wait.ts'

let cluster: Cluster

before(async () => {
  cluster = await Cluster.start(2)
  await until(20_000, 'converged', () => hasConverged(cluster.node(0).url, 2))
})
after(() => cluster.stop())

const LADDER = 'dns tcp tls http clock websocket hello beat record status second_node key'.split(' ')

interface Rung {
  readonly rung: string
  readonly result: 'ok' | 'fail' | 'skipped'
  readonly cause?: string
  readonly remedy?: string
}

interface Examination {
  readonly code: number | null
  readonly rungs: readonly Rung[]
  /** `fail` and `skipped` rungs by result, the rest is ok. */
  readonly results: Readonly<Record<string, string>>
  of(rung: string): Rung
}

const examine = async (desk: Desk, ...args: readonly string[]): Promise<Examination> => {
  const { code, stdout, stderr } = await desk.run(['doctor', '--json', ...args])
  assert.notEqual(stdout, '', stderr)
  const { rungs }: { rungs: readonly Rung[] } = JSON.parse(stdout)
  assert.deepEqual(
    rungs.map(({ rung }) => rung),
    LADDER,
  )
  return {
    code,
    rungs,
    results: Object.fromEntries(
      rungs.filter(({ result }) => result !== 'ok').map(({ rung, result }) => [rung, result]),
    ),
    of: (name) => rungs.find(({ rung }) => rung === name) ?? assert.fail(name),
  }
}

/** A desk with a key whose agent is registered; and the id of that agent. */
const asAgent = (work: (desk: Desk, id: string) => Promise<void>): Promise<void> =>
  atBuiltDesk(async (desk) => {
    desk.environment.ROLLCALL_REGISTRY_URL = cluster.node(0).url
    const { stdout } = await desk.run(['keys', 'new', '--quiet'])
    const { code, stderr } = await desk.run(['register', '--name', 'patient', '--url', 'http://a'])
    assert.equal(code, 0, stderr)
    await work(desk, stdout.trim())
  })

const behind = async (faults: ProxyFaults, work: (url: string) => Promise<void>): Promise<void> => {
  const proxy = await ReverseProxy.before(cluster.node(0).url, faults)
  try {
    await work(proxy.url)
  } finally {
    proxy.stop()
  }
}

/** What stands on these rungs below the entity, in a climb that fails before a socket. */
const above = (first: string): Record<string, string> =>
  Object.fromEntries(LADDER.slice(LADDER.indexOf(first)).map((rung) => [rung, 'skipped']))

test('a registered entity at a good registry: every rung is ok, and a goodbye leaves it as it was', () =>
  asAgent(async (desk, id) => {
    const { code, results, of } = await examine(desk)
    assert.deepEqual([code, results], [0, { dns: 'skipped', tls: 'skipped' }])
    assert.match(of('dns').cause ?? '', /is an address/)
    const { stdout } = await desk.run(['info', id, '--quiet'])
    assert.equal(stdout, 'inactive\n')
  }))

test('L8: an agent that runs is not ended by its examination', () =>
  asAgent(async (desk) => {
    const running = desk.start(['run'])
    await running.printed(/connected/)
    const { code, results, of } = await examine(desk)
    assert.deepEqual([code, results], [0, { dns: 'skipped', tls: 'skipped', beat: 'skipped' }])
    assert.match(of('beat').cause ?? '', /take over/)
    assert.equal(running.hasEnded, false)
    running.kill('SIGTERM')
    assert.equal((await running.ended).code, 0)
  }))

for (const [dropped, named] of [
  ['upgrade', 'Upgrade'],
  ['connection', 'Connection'],
  ['sec-websocket-key', 'Sec-WebSocket-Key'],
] as const) {
  test(`a proxy that drops ${named} is named, and how to have it passed on`, () =>
    asAgent((desk, id) =>
      behind({ drops: [dropped] }, async (url) => {
        const { code, results, of } = await examine(desk, id, '--registry', url)
        assert.equal(code, 5)
        assert.deepEqual([results.http, results.websocket, results.beat], [undefined, 'fail', 'skipped'])
        assert.match(of('websocket').cause ?? '', new RegExp(`header ${named} is missing`, 'i'))
        assert.match(of('websocket').remedy ?? '', /proxy_set_header Upgrade/)
      }),
    ))
}

test('a clock that differs from that of the node is told, with the difference', () =>
  asAgent((desk) =>
    behind({ sets: () => ({ date: new Date(Date.now() + 3_600_000).toUTCString() }) }, async (url) => {
      const { code, results, of } = await examine(desk, '--registry', url)
      assert.deepEqual([code, results.clock], [4, 'fail'])
      assert.match(
        of('clock').cause ?? '',
        /^this clock is 3(?:599|600|601)\.\d s behind the node's, and 2 s are allowed$/,
      )
      assert.match(of('clock').remedy ?? '', /NTP/)
    }),
  ))

test('a wrong key is refused by the node, and is not the registered one', () =>
  asAgent(async (desk, id) => {
    const other = desk.path('other.json')
    await desk.run(['keys', 'new', '--key', other])
    const { code, results, of } = await examine(desk, id, '--key', other)
    assert.deepEqual([code, results.hello, results.beat, results.key], [4, undefined, 'fail', 'fail'])
    assert.match(of('beat').cause ?? '', /^signature_invalid/)
    assert.match(of('beat').remedy ?? '', /--key/)
    assert.match(of('key').cause ?? '', /holds ed25519:\S+, registered is ed25519:/)
    assert.match(of('status').cause ?? '', /it never beat/)
  }))

test('T1: a deregistered entity is told apart from one that never was', () =>
  asAgent(async (desk, id) => {
    await desk.run(['deregister', id])
    const gone = await examine(desk)
    assert.equal(gone.code, 3)
    for (const rung of ['hello', 'record']) assert.match(gone.of(rung).cause ?? '', /^entity_deregistered/)
    assert.match(gone.of('record').remedy ?? '', /register/)
    assert.deepEqual(
      [gone.of('beat').result, gone.of('status').result, gone.of('key').result],
      Array(3).fill('skipped'),
    )

    const never = await examine(desk, `zns:${'0'.repeat(32)}`)
    assert.equal(never.code, 3)
    assert.match(never.of('record').cause ?? '', /^entity_not_found/)
  }))

test('a dead port, a name that does not resolve, and TLS where there is none: the rest was not checked', () =>
  asAgent(async (desk) => {
    const port = await freePort()
    const dead = await examine(desk, '--registry', `http://127.0.0.1:${port}`)
    assert.deepEqual([dead.code, dead.results], [5, { ...above('dns'), tcp: 'fail' }])
    assert.match(dead.of('tcp').cause ?? '', /ECONNREFUSED/)
    assert.match(dead.of('tcp').remedy ?? '', /start the node/)

    const nameless = await examine(desk, '--registry', 'http://registry.invalid:8081')
    assert.deepEqual([nameless.code, nameless.results], [5, { ...above('dns'), dns: 'fail' }])
    assert.match(nameless.of('dns').cause ?? '', /^the name registry\.invalid does not resolve/)
    assert.notEqual(nameless.of('dns').remedy, undefined)

    const plain = await examine(desk, '--registry', cluster.node(0).url.replace('http:', 'https:'))
    assert.deepEqual(
      [plain.code, plain.results.tcp, plain.results.tls, plain.results.http],
      [5, undefined, 'fail', 'skipped'],
    )
    assert.match(plain.of('tls').remedy ?? '', /use http:/)
  }))

test('something that is no registry, and no entity to ask about', () =>
  atBuiltDesk(async (desk) => {
    await behind({ lies: () => ({ hello: 'world' }) }, async (url) => {
      const { code, of } = await examine(desk, '--registry', url)
      assert.equal(code, 5)
      assert.match(of('http').cause ?? '', /not as a node/)
    })
    const alone = await examine(desk, '--registry', cluster.node(0).url)
    assert.deepEqual([alone.code, alone.results], [0, { ...above('hello'), dns: 'skipped', tls: 'skipped' }])
    assert.match(alone.of('hello').cause ?? '', /no entity to ask about/)
  }))

test('a person reads one line a rung, and the remedy under the one that fails', () =>
  asAgent(async (desk) => {
    const port = await freePort()
    const { stdout } = await desk.run(['doctor', '--registry', `http://127.0.0.1:${port}`])
    assert.match(
      stdout,
      /^ {2}fail {5}tcp +no connection to 127\.0\.0\.1 port \d+ \(ECONNREFUSED\)\n +→ Nothing listens there/m,
    )
    assert.match(stdout, /^ {2}skipped {2}tls +tcp: failed$/m)
    assert.match(stdout, /^it fails at tcp \(11 not checked\)$/m)
  }))

/** A key and a certificate for 127.0.0.1 that nobody vouches for; undefined where there is no openssl. */
const selfSigned = (desk: Desk): { readonly key: string; readonly cert: string; readonly file: string } | undefined => {
  const [key, file] = [desk.path('tls.key'), desk.path('tls.pem')]
  const request = ['req', '-x509', '-newkey', 'ed25519', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1']
  const { status } = spawnSync('openssl', [
    ...request,
    '-addext',
    'subjectAltName=IP:127.0.0.1',
    '-keyout',
    key,
    '-out',
    file,
  ])
  return status === 0 ? { key: readFileSync(key, 'utf8'), cert: readFileSync(file, 'utf8'), file } : undefined
}

test('a certificate that nobody vouches for is told with its remedy, and the remedy helps', (t) =>
  asAgent(async (desk) => {
    const certificate = selfSigned(desk)
    if (certificate === undefined) return t.diagnostic('there is no openssl here to make a certificate')
    await behind({ tls: certificate }, async (url) => {
      const { code, results, of } = await examine(desk, '--registry', url)
      assert.deepEqual([code, results.tcp, results.tls, results.http], [5, undefined, 'fail', 'skipped'])
      assert.match(of('tls').remedy ?? '', /NODE_EXTRA_CA_CERTS/)
      desk.environment.NODE_EXTRA_CA_CERTS = certificate.file
      const trusted = await examine(desk, '--registry', url)
      assert.deepEqual([trusted.code, trusted.results], [0, { dns: 'skipped' }])
    })
  }))

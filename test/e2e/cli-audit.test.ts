/** `rollcall audit verify` against nodes whose audit chain was tampered with on disk. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type AuditLink, auditKey, nextLink, putLink, readLinkRow } from '@rollcall/core'
import { LevelStore } from '@rollcall/store-level'
import { atBuiltDesk, type Desk, type Ended } from '../../packages/cli/test/command.ts'
import { hasConverged } from './support/cluster-view.ts'
import { Cluster } from './support/node-process.ts'
import { ReverseProxy } from './support/reverse-proxy.ts'
import { until } from './support/wait.ts'
import { ZyndAgent } from './support/zynd-agent.ts'

const AGENTS = 6
let cluster: Cluster

before(async () => {
  cluster = await Cluster.start(2)
  for (let i = 0; i < AGENTS; i++) await new ZyndAgent(`audited ${i}`).register(cluster.node(0).url)
  await until(20_000, 'converged', () => hasConverged(cluster.node(0).url, 2))
})
after(() => cluster.stop())

const verify = (desk: Desk, ...args: readonly string[]): Promise<Ended> =>
  desk.run(['audit', 'verify', ...args], { ROLLCALL_REGISTRY_URL: cluster.node(0).url })

interface Report {
  readonly ok: boolean
  readonly result: string
  readonly first_broken_id?: number
  readonly reason?: string
  readonly nodes: readonly { readonly node: string; readonly result: string; readonly node_says: string }[]
}

const report = async (desk: Desk, code: number, ...args: readonly string[]): Promise<Report> => {
  const ended = await verify(desk, ...args, '--json')
  assert.equal(ended.code, code, ended.stderr + ended.stdout)
  return JSON.parse(ended.stdout)
}

/** Stops node-1, lets `work` change its store, puts the links back as they were afterwards. */
const tampered = async (
  work: (store: LevelStore, links: readonly AuditLink[]) => Promise<void>,
  look: () => Promise<void>,
): Promise<void> => {
  const node = cluster.node(1)
  const location = join(node.dataDir, 'store')
  await node.kill('SIGTERM')
  const before = await withStore(location, async (store) => {
    const links = await linksOf(store)
    await work(store, links)
    return links
  })
  await node.start()
  await node.ready()
  try {
    await look()
  } finally {
    await node.kill('SIGTERM')
    await withStore(location, async (store) => {
      const now = await linksOf(store)
      const surplus = now.filter(({ number }) => number > before.length)
      const undo = surplus.map(({ number }) => ({ kind: 'del', table: 'audit', key: auditKey(number) }) as const)
      await store.write([...undo, ...before.map(putLink)], { durable: true })
    })
    await node.start()
    await node.ready()
  }
}

const withStore = async <T>(location: string, work: (store: LevelStore) => Promise<T>): Promise<T> => {
  const store = new LevelStore({ location })
  await store.open()
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

const linksOf = async (store: LevelStore): Promise<readonly AuditLink[]> => {
  const links: AuditLink[] = []
  for await (const [, value] of store.scan('audit')) {
    const link = readLinkRow(value)
    if (link.ok) links.push(link.value)
  }
  return links
}

/** What comes out about node-1 where it calls itself whole, whatever it found. */
const throughLiar = async (desk: Desk): Promise<Report> => {
  const { url } = cluster.node(1)
  const honest: Record<string, unknown> = await (await fetch(`${url}/v1/audit/verify`)).json()
  assert.equal(honest.ok, false)
  const { first_broken_id: _id, reason: _reason, ...rest } = honest
  const lie = { ...rest, ok: true, result: 'ok' }
  const liar = await ReverseProxy.before(url, { lies: (path) => (path === '/v1/audit/verify' ? lie : undefined) })
  try {
    return await report(desk, 1, '--node', liar.url)
  } finally {
    liar.stop()
  }
}

const flipByte = async (store: LevelStore, number: number, needle: string): Promise<void> => {
  const value = (await store.get('audit', auditKey(number))) ?? assert.fail('no such link')
  const at = Buffer.from(value).indexOf(needle)
  assert.ok(at > 0, `the link holds ${needle}`)
  value[at] = (value[at] ?? 0) ^ 1
  await store.write([{ kind: 'put', table: 'audit', key: auditKey(number), value }], { durable: true })
}

test('A1: whole chains whose heads the other nodes remember are ok, on every node', () =>
  atBuiltDesk(async (desk) => {
    await until(20_000, 'witnessed', async () => (await verify(desk, '--all-nodes')).code === 0)
    const all = await report(desk, 0, '--all-nodes')
    assert.deepEqual([all.ok, all.result], [true, 'ok'])
    assert.deepEqual(all.nodes.map(({ node }) => node).sort(), ['node-0', 'node-1'])
    const { stdout } = await verify(desk)
    assert.match(stdout, /^node-0 +ok +\d+ +- +node-1 +ok/m)
  }))

test('A1: a flipped byte of a link is found with its number, also where the node calls its chain whole', () =>
  tampered(
    (store) => flipByte(store, 3, 'registered'),
    () =>
      atBuiltDesk(async (desk) => {
        const human = await verify(desk, '--all-nodes')
        assert.equal(human.code, 1)
        assert.match(human.stdout, /^node-1: link 3: it was changed$/m)

        const found = await throughLiar(desk)
        assert.deepEqual([found.result, found.first_broken_id, found.reason], ['broken', 3, 'it was changed'])
        assert.equal(found.nodes[0]?.node_says, 'ok')
      }),
  ))

test('A1: a history that was rewritten with right hashes is found by what another node remembers', () =>
  tampered(
    async (store, links) => {
      const last = links.at(-1) ?? assert.fail('no links')
      const { fact } = last
      const other = nextLink({ number: last.number - 1, hash: last.previous }, { ...fact, reason: 'invented' })
      await store.write([putLink(other)], { durable: true })
    },
    () =>
      atBuiltDesk(async (desk) => {
        const found = await throughLiar(desk)
        assert.deepEqual([found.result, found.reason], ['broken', 'node-0 remembers another link here'])
      }),
  ))

test('A1: a tail that was cut is found by what another node remembers', () =>
  tampered(
    async (store, links) => {
      const cut = links.slice(-3).map(({ number }) => ({ kind: 'del', table: 'audit', key: auditKey(number) }) as const)
      await store.write(cut, { durable: true })
    },
    () =>
      atBuiltDesk(async (desk) => {
        const found = await throughLiar(desk)
        assert.equal(found.result, 'broken')
        assert.match(found.reason ?? '', /^node-0 remembers (?:a link \d+: the tail was cut|another link here)/)
      }),
  ))

test('A1: with no other node at hand the tail is unwitnessed, and that is not ok', async () => {
  const alone = await Cluster.start(1)
  try {
    await new ZyndAgent('alone').register(alone.node(0).url)
    await atBuiltDesk(async (desk) => {
      const args = ['audit', 'verify', '--json', '--registry', alone.node(0).url]
      const { code, stdout } = await desk.run(args)
      const { ok, result } = JSON.parse(stdout)
      assert.deepEqual([code, ok, result], [1, false, 'tail_unwitnessed'])
    })
  } finally {
    await alone.stop()
  }
})

test('audit verify of a node that does not answer ends with 5', () =>
  atBuiltDesk(async (desk) => {
    const { code } = await verify(desk, '--node', 'http://127.0.0.1:1')
    assert.equal(code, 5)
    assert.equal((await verify(desk, '--node', 'nowhere')).code, 2)
    assert.equal((await verify(desk, '--node', 'http://127.0.0.1:1', '--all-nodes')).code, 2)
  }))

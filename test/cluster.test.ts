/** The parts of `npm run cluster`; that it runs is tested end to end. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { Child } from '../scripts/cluster/child.ts'
import { parseOptions, usage } from '../scripts/cluster/options.ts'
import { busyPorts } from '../scripts/cluster/ports.ts'
import { areActiveEverywhere, type NodeReport, Screen, tableLines } from '../scripts/cluster/view.ts'
import { until } from './e2e/support/wait.ts'

const folder = mkdtempSync(join(tmpdir(), 'rollcall-cluster-'))
after(() => rmSync(folder, { recursive: true }))

describe('options', () => {
  test('have the documented defaults', () => {
    assert.deepEqual(parseOptions([]), {
      nodes: 3,
      agents: 3,
      dataDir: '.data/cluster',
      fresh: false,
      httpPort: 8081,
      meshPort: 9001,
      fast: false,
      open: true,
    })
  })

  test('are all understood', () => {
    const words = '--nodes 5 --agents 0 --data /d --fresh --http-port 80 --mesh-port 90 --fast --no-open'
    assert.deepEqual(parseOptions(words.split(' ')), {
      nodes: 5,
      agents: 0,
      dataDir: '/d',
      fresh: true,
      httpPort: 80,
      meshPort: 90,
      fast: true,
      open: false,
    })
  })

  test('are refused with the value and the bound, or with how they are written', () => {
    assert.match(String(parseOptions(['--nodes', '21'])), /^--nodes is 21; it must be from 1 to 20\.\n\nusage:/)
    assert.match(String(parseOptions(['--http-port', '65534'])), /^--http-port is 65534; it must be from 1 to 65533\./)
    assert.match(String(parseOptions(['--agents=-1'])), /^--agents is -1;/)
    assert.match(String(parseOptions(['--nodez'])), /Unknown option '--nodez'.*\n\nusage:/s)
    assert.equal(parseOptions(['--help']), usage)
  })
})

test('a port that something listens on is busy', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  assert.deepEqual(await busyPorts([port]), [port])
  server.close()
  await once(server, 'close')
  assert.deepEqual(await busyPorts([port]), [])
})

const report = (statuses: Record<string, string>, change: Partial<NodeReport> = {}): NodeReport => ({
  entities: new Map(Object.entries(statuses).map(([name, status]) => [`zns:${name}`, { name, status }])),
  converged: true,
  reasons: [],
  ...change,
})

describe('the table', () => {
  test('has a line for each entity, a column for each node, and says whether they agree', () => {
    const reports = [report({ 'agent-10': 'active', 'agent-2': 'inactive' }), report({ 'agent-2': 'inactive' })]
    assert.deepEqual(tableLines(['node-1', 'node-2'], reports), [
      'entity    id            node-1    node-2',
      'agent-2   zns:agent-2   inactive  inactive',
      'agent-10  zns:agent-10  active    –',
      'all nodes agree',
    ])
  })

  test('says why nodes differ, and which do not answer', () => {
    const differs = report({}, { converged: false, reasons: ['the digest of node-2 differs'] })
    assert.equal(tableLines(['a'], [differs]).at(-1), 'nodes differ: the digest of node-2 differs')
    assert.equal(tableLines(['a', 'b'], [differs, undefined]).at(-1), '1 of 2 nodes do not answer')
  })

  test('knows when everything is active everywhere', () => {
    const both = report({ a: 'active', b: 'active' })
    assert.equal(areActiveEverywhere([both, both], 2), true)
    assert.equal(areActiveEverywhere([both, report({ a: 'active', b: 'inactive' })], 2), false)
    assert.equal(areActiveEverywhere([both, undefined], 2), false)
  })
})

describe('the screen', () => {
  const recorded = (terminal: { isTTY: boolean; columns?: number; rows?: number }) => {
    const written: string[] = []
    return { written, screen: new Screen({ ...terminal, write: (text) => written.push(text) }) }
  }

  test('redraws in place on a terminal, and keeps what was said above', () => {
    const { written, screen } = recorded({ isTTY: true })
    screen.draw(['a', 'b'])
    screen.draw(['c'])
    screen.say('news')
    assert.deepEqual(written, ['a\nb\n', '\u001b[2A\u001b[Jc\n', '\u001b[1A\u001b[Jnews\nc\n'])
  })

  test('cuts what would wrap or scroll', () => {
    const { written, screen } = recorded({ isTTY: true, columns: 8, rows: 6 })
    screen.draw(['0123456789', 'b', 'c', 'd', 'e', 'f', 'last'])
    assert.equal(written.join(''), '012345…\nb\nc\n… 3 more lines\nlast\n')
  })

  test('writes only what is new where nothing can be redrawn', () => {
    const { written, screen } = recorded({ isTTY: false })
    screen.draw(['head', 'agent active'])
    screen.draw(['head', 'agent active'])
    screen.draw(['head', 'agent inactive'])
    assert.deepEqual(written, ['head\nagent active\n', 'agent inactive\n'])
  })
})

describe('a child', () => {
  const child = (code: string, deaths: string[]): Child =>
    new Child({
      name: 'child',
      args: ['-e', code],
      env: process.env,
      logFile: join(folder, `${deaths.length}-${code.length}.log`),
      onDeath: ({ ended }) => deaths.push(String(ended)),
    })
  const written = async (one: Child, word: string): Promise<void> => {
    await until(10_000, word, async () => one.tail().join('').includes(word))
  }

  test('that is asked to stop is no death', async () => {
    const deaths: string[] = []
    const one = child('setInterval(() => {}, 1000); console.log("up")', deaths)
    await written(one, 'up')
    assert.equal(await one.stop(10_000), false)
    assert.equal(one.ended, 'signal SIGTERM')
    assert.deepEqual(deaths, [])
  })

  test('that does not stop is killed, and this is told', async () => {
    const one = child('process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("deaf")', [])
    await written(one, 'deaf')
    assert.equal(await one.stop(50), true)
    assert.equal(one.ended, 'signal SIGKILL')
  })

  test('that ends by itself is told, with its last words', async () => {
    const deaths: string[] = []
    const one = child('console.log("farewell"); process.exitCode = 7', deaths)
    await until(10_000, 'its end', async () => deaths.length > 0)
    assert.deepEqual(deaths, ['exit code 7'])
    assert.deepEqual(one.tail(), ['farewell'])
    assert.equal(await one.stop(1), false)
  })
})

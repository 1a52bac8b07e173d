/** The audit chain says no (A1): every way in which its rows can be changed on disk is found, and where. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AuditHead, type AuditReport, auditKey, GENESIS, nextLink, putLink, type StoreOp } from '@rollcall/core'
import { encode, utf8 } from '@rollcall/protocol'
import { Agent } from './support/agent.ts'
import { TestCluster, type TestNode } from './support/cluster.ts'

const LENGTH = 30

/** A cluster whose first node has `LENGTH` links, all of them told to its peers. */
const withChain = async (
  { size, auditLinksMax = 1_000_000 }: { readonly size: number; readonly auditLinksMax?: number },
  run: (cluster: TestCluster, node: TestNode) => Promise<void>,
): Promise<void> => {
  const cluster = new TestCluster(size, { auditLinksMax })
  await cluster.start()
  const node = cluster.node(0)
  for (let i = 0; i < LENGTH; i++) await node.register(new Agent(i))
  await cluster.pass(6_000)
  await run(cluster, node)
  await cluster.stop()
}

const rowsOf = async ({ store }: TestNode): Promise<readonly Uint8Array[]> => {
  const rows: Uint8Array[] = []
  for await (const [, value] of store.scan('audit')) rows.push(value)
  return rows
}

const put = (number: number, value: Uint8Array | undefined): StoreOp => ({
  kind: 'put',
  table: 'audit',
  key: auditKey(number),
  value: value ?? assert.fail(`no link ${number}`),
})
const drop = (number: number): StoreOp => ({ kind: 'del', table: 'audit', key: auditKey(number) })
const flipped = (row: Uint8Array | undefined): Uint8Array => (row ?? assert.fail()).with(40, (row?.[40] ?? 0) ^ 1)
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i)

const verdict = async (cluster: TestCluster, node: TestNode): Promise<AuditReport> =>
  cluster.until(node.registry.verifyAudit())

test('Audit that only says yes, A1: a flipped byte, removed, reordered and foreign links are found, each at its place', async () => {
  await withChain({ size: 2 }, async (cluster, node) => {
    const [rows, foreign] = [await rowsOf(node), await rowsOf(cluster.node(1))]
    const row = (number: number): Uint8Array | undefined => rows[number - 1]
    const damages: Readonly<Record<string, readonly [firstBrokenId: number, damage: readonly StoreOp[]]>> = {
      'a byte of the first': [1, [put(1, flipped(row(1)))]],
      'a byte in the middle': [15, [put(15, flipped(row(15)))]],
      'a byte of the last': [LENGTH, [put(LENGTH, flipped(row(LENGTH)))]],
      'the first removed': [1, [drop(1)]],
      'the first nine removed': [1, range(1, 9).map(drop)],
      'one in the middle removed': [15, [drop(15)]],
      'several in the middle removed': [12, range(12, 17).map(drop)],
      'the last removed': [LENGTH, [drop(LENGTH)]],
      'the last nine removed': [LENGTH - 8, range(LENGTH - 8, LENGTH).map(drop)],
      'all removed': [1, range(1, LENGTH).map(drop)],
      'two swapped': [15, [put(15, row(16)), put(16, row(15))]],
      'the tail moved up over a gap': [15, [...range(15, LENGTH - 1).map((i) => put(i, row(i + 1))), drop(LENGTH)]],
      'one of another log': [15, [put(15, foreign[14])]],
      'the tail of another log': [15, range(15, LENGTH).map((i) => put(i, foreign[i - 1]))],
      'no link at all': [15, [put(15, Uint8Array.of(1, 2, 3))]],
    }
    for (const [name, [firstBrokenId, damage]] of Object.entries(damages)) {
      await node.store.write(damage, { durable: true })
      const { result, firstBrokenId: found } = await verdict(cluster, node)
      assert.deepEqual([result, found], ['broken', firstBrokenId], name)
      const repair = rows.map((value, at) => put(at + 1, value))
      await node.store.write(repair, { durable: true })
      assert.equal((await verdict(cluster, node)).result, 'ok', `after ${name}`)
    }
  })
})

test('Audit that only says yes, A1: of 20 000 links a fault in the last one is found', async () => {
  const cluster = new TestCluster(1)
  const node = cluster.node(0)
  await node.store.open()
  let head: AuditHead = GENESIS
  const rows = range(1, 20_000).map((number) => {
    const fact = { atMs: number, kind: 'registered', subject: `entity ${number}`, from: 'absent', to: 'inactive' }
    const link = nextLink(head, { ...fact, reason: 'act', attendant: '', stamp: undefined })
    head = link
    return putLink(link)
  })
  await node.store.write(rows, { durable: true })
  await cluster.start()
  assert.deepEqual((await verdict(cluster, node)).length, 20_000)
  assert.equal((await verdict(cluster, node)).result, 'tail_unwitnessed')
  const last = await node.store.get('audit', auditKey(20_000))
  await node.store.write([put(20_000, flipped(last))], { durable: true })
  const broken = await verdict(cluster, node)
  assert.deepEqual([broken.result, broken.firstBrokenId], ['broken', 20_000])
  await cluster.stop()
})

test('Audit that only says yes, A1: a tail that was cut while the node was down is found by the heads its peers hold', async () => {
  await withChain({ size: 3 }, async (cluster, node) => {
    await cluster.pass(31_000)
    await node.crash()
    await node.store.open()
    await node.store.write(range(LENGTH - 4, LENGTH).map(drop), { durable: true })
    await cluster.until(node.start())
    await cluster.pass(10_000)
    const cut = await verdict(cluster, node)
    assert.deepEqual([cut.result, cut.firstBrokenId], ['broken', LENGTH - 4])
    assert.match(cut.reason ?? '', /the tail was cut/)
    // One peer that remembers is enough; it has the head on its own disk.
    await cluster.node(1).crash()
    await cluster.node(2).crash()
    await cluster.until(cluster.node(1).start())
    await cluster.pass(10_000)
    const still = await verdict(cluster, node)
    assert.deepEqual([still.result, still.firstBrokenId], ['broken', LENGTH - 4])
  })
})

test('Audit that only says yes, A1: with no peer at hand a chain is tail_unwitnessed, cut or not, and never ok', async () => {
  await withChain({ size: 1 }, async (cluster, node) => {
    assert.deepEqual(await verdict(cluster, node), {
      result: 'tail_unwitnessed',
      length: LENGTH,
      oldest: 1,
      witnesses: [],
    })
    await node.store.write([drop(LENGTH)], { durable: true })
    assert.notEqual((await verdict(cluster, node)).result, 'ok')
  })
})

test('Audit that only says yes, A1: pruned by policy it stays ok, and damage behind the anchor is found', async () => {
  await withChain({ size: 2, auditLinksMax: 10 }, async (cluster, node) => {
    await cluster.pass(61_000)
    const pruned = await verdict(cluster, node)
    assert.deepEqual([pruned.result, pruned.length, pruned.oldest], ['ok', LENGTH, LENGTH - 9])
    assert.equal((await rowsOf(node)).length, 10)
    // One more than the policy removed.
    await node.store.write([drop(LENGTH - 9)], { durable: true })
    const broken = await verdict(cluster, node)
    assert.deepEqual([broken.result, broken.firstBrokenId], ['broken', LENGTH - 9])
  })
})

test('Audit that only says yes, A1: pruned while it is verified, an honest chain is not called broken', async () => {
  await withChain({ size: 2 }, async (cluster, node) => {
    const { store } = node
    const get = store.get.bind(store)
    const prune = async (): Promise<void> => {
      const last = (await node.registry.auditLinks({ after: 9, limit: 1 }))[0] ?? assert.fail()
      const anchor = { kind: 'put', table: 'meta', key: utf8('audit_anchor'), value: encode([last.number, last.hash]) }
      await store.write([...range(1, last.number).map(drop), anchor as StoreOp], { durable: false })
    }
    let pruned = false
    store.get = async (table, key) => {
      const value = await get(table, key)
      // The verification has read where the chain begins, and then the chain is cut there.
      if (table === 'meta' && !pruned) {
        pruned = true
        await prune()
      }
      return value
    }
    const { result, oldest } = await verdict(cluster, node)
    assert.deepEqual([pruned, result, oldest], [true, 'ok', 11])
  })
})

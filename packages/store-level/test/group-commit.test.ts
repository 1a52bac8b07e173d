import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Metrics, StoreError } from '@rollcall/core'
import { GROUP_BYTES_MAX, GROUP_OPS_MAX, QUEUE_BYTES_MAX } from '../src/constants.ts'
import { GroupCommit } from '../src/group-commit.ts'
import type { LevelOp } from '../src/level-types.ts'
import { withCode } from './store-kit.ts'

/** A disk that writes down what it is told and answers when the test says so. */
class ScriptedDisk {
  readonly calls: string[] = []
  fails: (ops: readonly LevelOp[]) => boolean = () => false
  #release: (() => void) | undefined
  #held = false

  /** From now on commits wait for `release`. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.#release?.()
  }

  async commit(ops: readonly LevelOp[], { sync }: { readonly sync: boolean }): Promise<void> {
    const names = ops.length > 8 ? `${ops.length} ops` : ops.map(({ key }) => new TextDecoder().decode(key)).join('')
    this.calls.push(`${sync ? 'sync' : 'plain'} ${names}`)
    if (this.#held) await new Promise<void>((resolve) => (this.#release = resolve))
    if (this.fails(ops)) throw new StoreError('unavailable', 'scripted')
  }

  async sync(): Promise<void> {
    this.calls.push('sync earlier')
  }
}

function op(key: string, valueBytes = 0): LevelOp {
  return { type: 'put', key: new TextEncoder().encode(key), value: new Uint8Array(valueBytes) }
}

/** A disk with the commit of `first` in flight, and the queue before it. */
async function busy(): Promise<{ disk: ScriptedDisk; commits: GroupCommit; first: Promise<void> }> {
  const disk = new ScriptedDisk()
  const commits = new GroupCommit(disk)
  disk.hold()
  const first = commits.push([op('-')], true)
  await Promise.resolve()
  await Promise.resolve()
  assert.deepEqual(disk.calls, ['sync -'])
  return { disk, commits, first }
}

test('what arrives during a commit forms the next one, in order', async () => {
  const { disk, commits, first } = await busy()
  const rest = [commits.push([op('a')], true), commits.push([op('b')], false), commits.push([op('c'), op('d')], true)]
  disk.release()
  await Promise.all([first, ...rest])
  assert.deepEqual(disk.calls, ['sync -', 'sync abcd'])
})

test('writes of one turn form one commit', async () => {
  const disk = new ScriptedDisk()
  const commits = new GroupCommit(disk)
  await Promise.all(['a', 'b', 'c'].map((key) => commits.push([op(key)], false)))
  assert.deepEqual(disk.calls, ['plain abc'])
})

test('a durable batch first syncs what was committed without a sync, once', async () => {
  const disk = new ScriptedDisk()
  const commits = new GroupCommit(disk)
  await commits.push([op('a')], false)
  await commits.push([op('b')], false)
  await commits.push([op('c')], true)
  await commits.push([op('d')], true)
  assert.deepEqual(disk.calls, ['plain a', 'plain b', 'sync earlier', 'sync c', 'sync d'])
})

test('an empty durable batch is a sync, and an empty other one nothing', async () => {
  const disk = new ScriptedDisk()
  const commits = new GroupCommit(disk)
  await commits.push([], true)
  await commits.push([], false)
  assert.deepEqual(disk.calls, [])
  await commits.push([op('a')], false)
  await commits.push([], false)
  await commits.push([], true)
  await commits.push([], true)
  assert.deepEqual(disk.calls, ['plain a', 'sync earlier'])
})

test('a commit is bounded in operations', async () => {
  const { disk, commits } = await busy()
  const third = Array.from({ length: Math.ceil(GROUP_OPS_MAX / 3) + 1 }, () => op('x'))
  const rest = [third, third, third].map((ops) => commits.push(ops, true))
  disk.release()
  await Promise.all(rest)
  assert.deepEqual(disk.calls, ['sync -', `sync ${third.length * 2} ops`, `sync ${third.length} ops`])
})

test('a commit is bounded in bytes, and a batch above the bound goes alone', async () => {
  const { disk, commits } = await busy()
  const sizes = [GROUP_BYTES_MAX * 0.4, GROUP_BYTES_MAX * 0.4, GROUP_BYTES_MAX * 2, 1]
  const rest = sizes.map((size, index) => commits.push([op(String(index), size)], true))
  disk.release()
  await Promise.all(rest)
  assert.deepEqual(disk.calls, ['sync -', 'sync 01', 'sync 2', 'sync 3'])
})

test('a failed commit rejects those who were in it and nobody else', async () => {
  const { disk, commits, first } = await busy()
  disk.fails = (ops) => ops.some(({ key }) => key[0] === 'a'.charCodeAt(0))
  const inIt = [commits.push([op('a')], true), commits.push([op('b')], false)]
  const outcomes = Promise.allSettled([first, ...inIt])
  disk.release()
  assert.deepEqual(
    (await outcomes).map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected'],
  )
  for (const push of inIt) await assert.rejects(push, withCode('unavailable'))
  await commits.push([op('c')], true)
  assert.deepEqual(disk.calls, ['sync -', 'sync ab', 'sync c'])
})

test('the queue is bounded: what is over it is refused and counted, and the rest goes on', async () => {
  const counted: unknown[] = []
  const metrics: Metrics = { count: (...args) => counted.push(args), gauge: () => undefined, observe: () => undefined }
  const disk = new ScriptedDisk()
  const commits = new GroupCommit(disk, metrics)
  const half = commits.push([op('a', QUEUE_BYTES_MAX * 0.6)], true)
  const over = commits.push([op('b', QUEUE_BYTES_MAX * 0.6)], true)
  const small = commits.push([op('c')], true)
  await assert.rejects(over, withCode('unavailable'))
  await Promise.all([half, small])
  await commits.push([op('d', QUEUE_BYTES_MAX * 1.1)], true)
  assert.deepEqual(disk.calls, ['sync a', 'sync c', 'sync d'])
  assert.deepEqual(counted, [['dropped_total', { queue: 'store', reason: 'full' }]])
})

test('idle resolves once everything pushed has settled', async () => {
  const { disk, commits } = await busy()
  let settled = false
  const last = commits.push([op('a')], true).finally(() => {
    settled = true
  })
  const idle = commits.idle()
  disk.release()
  await idle
  assert.deepEqual(disk.calls, ['sync -', 'sync a'])
  await last
  assert.equal(settled, true)
})

/**
 * A fault in the middle of the beat path: gateway and runtime as they ship, over a verifier and a disk that fail when they
 * are told to, and a client on a real socket.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { systemClock, systemRandom } from '@rollcall/client'
import type { Log, LogFields } from '@rollcall/core'
import { createGateway } from '@rollcall/gateway'
import { nativeSigner } from '@rollcall/identity/node'
import { type BeatOutcome, nodeIdOf, type Verifier } from '@rollcall/protocol'
import { createRuntime } from '@rollcall/runtime'
import { buildFilter, createHasher } from '@rollcall/search/bloom'
import { CountingMetrics, inlineVerifier, MemoryMeshNetwork, MemoryStore, SeededRandom } from '@rollcall/testkit'
import { SETTINGS } from '../packages/runtime/test/support/cluster.ts'
import { DIALECTS } from './e2e/support/dialects.ts'
import { until } from './e2e/support/wait.ts'
import { ZyndAgent } from './e2e/support/zynd-agent.ts'

interface Line {
  readonly level: string
  readonly message: string
  readonly fields: LogFields
}

/** What the log is told, errors above all. */
class Lines implements Log {
  readonly all: Line[] = []
  readonly debug = (): void => undefined
  readonly info = (message: string, fields: LogFields = {}): void => this.#add('info', message, fields)
  readonly warn = (message: string, fields: LogFields = {}): void => this.#add('warn', message, fields)
  readonly error = (message: string, fields: LogFields = {}): void => this.#add('error', message, fields)

  child(): Log {
    return this
  }

  get errors(): readonly Line[] {
    return this.all.filter(({ level }) => level === 'error')
  }

  #add(level: string, message: string, fields: LogFields): void {
    this.all.push({ level, message, fields })
  }
}

/** Verifies as the others do, but for the calls it is told to fail. */
class FaultyVerifier implements Verifier {
  faults = 0

  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
    if (this.faults-- > 0) throw new Error('in the middle of the beat path')
    return inlineVerifier.verify(publicKey, message, signature)
  }
}

const fail = (error: unknown): never => assert.fail(String(error))

const startNode = async (t: TestContext) => {
  const [log, metrics, verifier, store] = [new Lines(), new CountingMetrics(), new FaultyVerifier(), new MemoryStore()]
  await store.open()
  const signer = nativeSigner(new Uint8Array(32).fill(7))
  const nodeId = nodeIdOf(signer.publicKey)
  const common = { clock: systemClock, random: systemRandom, log, metrics }
  const network = new MemoryMeshNetwork({ clock: systemClock, random: new SeededRandom('one node') })
  const mesh = network.createMesh({ nodeId, join: [], metrics })
  const filterBuilder = {
    rebuild: async (words: Iterable<string>) => buildFilter(await createHasher(), words, 0.01).encode(),
  }
  const ports = { store, mesh, signer, verifier, filterBuilder, onFault: fail }
  const runtime = await createRuntime({ ...common, settings: SETTINGS, ...ports })
  await runtime.start()
  const info = { name: 'node', version: 'test', url: '' }
  const gateway = createGateway({ ...common, signer, verifier, registry: runtime.registry, settings: {}, info })
  const { port } = await gateway.start({ host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await gateway.stop()
    await runtime.stop()
    await store.close()
  })
  const counted = (outcome: BeatOutcome): number => metrics.counted('heartbeats_total', { outcome })
  return { url: `http://127.0.0.1:${port}`, log, verifier, store, counted }
}

for (const dialect of DIALECTS) {
  test(`Liveness that lies, L9: a verifier that throws once costs the ${dialect.name} socket one beat: logged whole with a request id, counted once, and the next beat counts`, async (t) => {
    const { url, log, verifier, counted } = await startNode(t)
    const agent = new ZyndAgent(`faulty-${dialect.name}`)
    assert.equal((await agent.register(url)).status, 201)
    const { socket, frame } = await dialect.open(url, agent)
    const now = Date.now()
    verifier.faults = 1
    socket.send(frame({ timeMs: now - 2_000 }))
    assert.equal(await socket.nextError(), 'storage_unavailable')
    const [line, ...more] = log.errors
    assert.deepEqual(more, [])
    const { error, requestId } = line?.fields ?? {}
    assert.match(String(error instanceof Error && error.stack), /in the middle of the beat path\n +at .*verify/)
    assert.match(String(requestId), /^\S{8,}$/)
    assert.deepEqual([counted('storage_error'), counted('accepted')], [1, 0])
    assert.ok(socket.isOpen)
    assert.equal(await agent.status(url), 'inactive')

    socket.send(frame({ timeMs: now }))
    assert.equal((await socket.nextOf('ack')).status, 'active')
    assert.deepEqual([counted('storage_error'), counted('accepted')], [1, 1])
    assert.equal(await agent.status(url), 'active')
    await socket.close()
  })
}

test('Liveness that lies, L9: a disk that refuses costs no socket: beats are refused meanwhile, and the one under way counts', async (t) => {
  const { url, log, store, counted } = await startNode(t)
  const agent = new ZyndAgent('on a full disk')
  assert.equal((await agent.register(url)).status, 201)
  const [{ socket, frame }] = [await (DIALECTS[0] ?? assert.fail()).open(url, agent)]
  const now = Date.now()
  store.disk.refusesWrites = true
  socket.send(frame({ timeMs: now - 2_000 }))
  await until(5_000, 'the refusal of the disk', async () => log.errors.length === 1)
  assert.match(log.errors[0]?.message ?? '', /the disk refuses/)
  socket.send(frame({ timeMs: now - 1_000 }))
  assert.equal(await socket.nextError(), 'storage_unavailable')
  assert.deepEqual([counted('storage_error'), counted('accepted')], [1, 0])
  store.disk.refusesWrites = false
  assert.equal((await socket.nextOf('ack')).status, 'active')
  socket.send(frame({ timeMs: now }))
  assert.equal((await socket.nextOf('ack')).status, 'active')
  assert.deepEqual([counted('storage_error'), counted('accepted')], [1, 2])
  assert.equal(log.errors.length, 1)
  await socket.close()
})

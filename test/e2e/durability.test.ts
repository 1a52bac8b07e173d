/**
 * Nothing that was acknowledged is lost by the death of its process (L5). SIGKILL leaves what the kernel holds of the
 * files, so this shows that an answer comes after the write; that the write is synced too, the store's own tests show.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { SeededRandom } from '@rollcall/testkit'
import { inParallel, listed, type Registration, signRegistrations } from './support/crowd.ts'
import { Cluster, type NodeProcess } from './support/node-process.ts'
import { until } from './support/wait.ts'
import { call, ZyndAgent } from './support/zynd-agent.ts'

const ROUNDS = 10
const REGISTRATIONS = 1_000
const CONCURRENCY = 50
/** Milliseconds after the answer at which a round is cut short, at most. */
const MOMENT_MS = 4

let cluster: Cluster
let node: NodeProcess

before(async () => {
  cluster = await Cluster.start(1, ['limits.registrations_per_address_per_minute=0'])
  node = cluster.node(0)
})

after(() => cluster?.stop())

const crash = async (): Promise<void> => {
  await node.kill('SIGKILL')
  await node.start()
}

const local = (id: string): ReturnType<typeof call> => call(`${node.url}/v1/entities/${id}?consistency=local`)

test('L5: each act that was answered is there after its node was killed at once', async () => {
  const agent = new ZyndAgent('durable')
  assert.equal((await agent.register(node.url)).status, 201)
  await crash()
  const registered = await local(agent.id)
  assert.equal(registered.status, 200)
  assert.equal(registered.body.name, 'durable')
  assert.equal(registered.body.status, 'inactive')

  assert.equal((await agent.update(node.url, { summary: 'Changed.' })).status, 200)
  await crash()
  assert.equal((await local(agent.id)).body.summary, 'Changed.')

  assert.equal((await agent.deregister(node.url)).status, 200)
  await crash()
  const gone = await local(agent.id)
  assert.equal(gone.status, 404)
  assert.equal(gone.body.error, 'entity_deregistered')
})

test('L5: the attendant of an active entity is killed after it answered another, and both are there', async () => {
  const [first, second] = [new ZyndAgent('attended'), new ZyndAgent('newcomer')]
  assert.equal((await first.register(node.url)).status, 201)
  const socket = await first.connect(node.url)
  socket.send(first.frame())
  await until(2_000, 'active', async () => (await first.status(node.url)) === 'active')
  assert.equal((await second.register(node.url)).status, 201)
  await crash()
  assert.equal((await local(second.id)).status, 200)
  const attended = await local(first.id)
  assert.equal(attended.body.status, 'active', 'its beat is within the threshold')
  assert.equal(attended.body.attendant, node.nodeId)
})

test(`L5: of ${REGISTRATIONS} registrations cut short by SIGKILL, every answered one is there, ${ROUNDS} times`, async (t) => {
  const seed = process.env.ROLLCALL_TEST_SEED ?? String(Date.now())
  t.diagnostic(`ROLLCALL_TEST_SEED=${seed}`)
  const random = new SeededRandom(seed)
  const answered: string[] = []
  for (let round = 1; round <= ROUNDS; round++) {
    const registrations = signRegistrations(`${seed}-${round}`, REGISTRATIONS)
    const cutAfter = 1 + random.below(REGISTRATIONS - CONCURRENCY)
    const cut = await registerUntilKilled(registrations, cutAfter, random.next() * MOMENT_MS)
    answered.push(...cut.answered)
    await node.start()
    const present = await listed(node.url)
    const lost = answered.filter((id) => !present.has(id))
    const kept = cut.inDoubt.filter((id) => present.has(id))
    t.diagnostic(
      `round ${round}: ${cut.answered.length} answered, ${lost.length} lost; ${cut.inDoubt.length} in doubt, ${kept.length} of them kept`,
    )
    assert.deepEqual(lost, [])
  }
  assert.deepEqual(node.faults, [])
})

/** Registers until the node is killed, `afterMs` after the `count`th answer. */
const registerUntilKilled = async (
  registrations: readonly Registration[],
  count: number,
  afterMs: number,
): Promise<{ readonly answered: readonly string[]; readonly inDoubt: readonly string[] }> => {
  const answered: string[] = []
  const inDoubt: string[] = []
  let killed: Promise<unknown> | undefined
  const register = async ({ id, body }: Registration): Promise<void> => {
    try {
      const reply = await call(`${node.url}/v1/entities`, { method: 'POST', body })
      assert.equal(reply.status, 201, JSON.stringify(reply.body))
      answered.push(id)
    } catch (error) {
      if (killed === undefined) throw error
      inDoubt.push(id)
    }
    if (answered.length < count || killed !== undefined) return
    const sinceMs = performance.now()
    while (performance.now() - sinceMs < afterMs) await new Promise(setImmediate)
    killed ??= node.kill('SIGKILL')
  }
  await inParallel(registrations, CONCURRENCY, register, () => killed !== undefined)
  await killed
  return { answered, inDoubt }
}

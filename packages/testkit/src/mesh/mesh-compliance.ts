import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { type Mesh, MeshError, type MeshProtocol, type MessageVerdict, TOPICS, type Topic } from '@rollcall/core'
import { type NodeId, parseNodeId } from '@rollcall/protocol'
import { type ComplianceNode, complianceNode, textOf } from './compliance-node.ts'

/** What a mesh adapter brings to be examined. Made anew for each test. */
export interface MeshHarness {
  /**
   * A mesh that will dial `join`, not yet started, and how many messages it has dropped for `reason` so far.
   * Equal identities, one after the other has stopped, are the same node again; without one it is a new node.
   */
  create(options: { readonly join: readonly string[]; readonly identity?: string }): Promise<{
    readonly mesh: Mesh
    dropped(reason: string): number
  }>
  /** Lets time pass until `condition` holds. Fails, naming `what`, where it does not within the adapter's deadline. */
  until(what: string, condition: () => boolean): Promise<void>
  /** Lets time pass until `promise` settles. */
  settle<T>(promise: Promise<T>): Promise<T>
  /** Stops whatever `create` made. */
  close(): Promise<void>
}

const TRANSITIONS: Topic = TOPICS[0]
const STATUS: Topic = TOPICS[1]
const PROTOCOL: MeshProtocol = '/rollcall/entity/1'
const STRANGER = parseNodeId('12D3KooWA4Xop1JaT3MHxwYMkCepYsv4iPVopMXwCz5iHYdBfeSB')
const EASY = { timeoutMs: 10_000, maxResponseBytes: 1 << 16 }

/** Declares the tests that every `Mesh` passes. */
export const meshCompliance = (adapter: string, makeHarness: () => MeshHarness): void => {
  describe(`${adapter} behaves as the mesh port says`, () => {
    let harness: MeshHarness | undefined
    afterEach(async () => {
      await harness?.close()
      harness = undefined
    })

    /** Nodes where each joins the one before it: 0 ← 1 ← 2. Connected when it resolves. */
    const line = async (length: number): Promise<Stage> => {
      harness = makeHarness()
      const nodes: ComplianceNode[] = []
      for (let i = 0; i < length; i++) {
        const join = nodes.at(-1)?.mesh.addresses() ?? []
        const node = complianceNode(await harness.create({ join }))
        await harness.settle(node.mesh.start(node.handlers))
        nodes.push(node)
      }
      const connected = () => nodes.every((node, i) => node.connected.size === neighboursInLine(i, length))
      await harness.until('the line of nodes is connected', connected)
      return new Stage(harness, nodes)
    }

    broadcastTests(line)
    requestTests(line)
    peerTests(line)
  })
}

type Line = (length: number) => Promise<Stage>

const neighboursInLine = (index: number, length: number): number => (index > 0 ? 1 : 0) + (index < length - 1 ? 1 : 0)

/** The nodes of one test and its harness. */
class Stage {
  readonly harness: MeshHarness
  readonly #nodes: readonly ComplianceNode[]

  constructor(harness: MeshHarness, nodes: readonly ComplianceNode[]) {
    this.harness = harness
    this.#nodes = nodes
  }

  node(index: number): ComplianceNode {
    const node = this.#nodes[index]
    assert.ok(node, `this test has no node ${index}`)
    return node
  }

  /**
   * Publishes a text of its own from `from` again and again until `at` has one: what was published before the first of
   * them has then had its chance to arrive. Broadcast is best effort, hence the repetition.
   */
  async flush(from: ComplianceNode, at: ComplianceNode): Promise<void> {
    let round = 0
    await this.harness.until('a marker message arrives', () => {
      from.publish(TRANSITIONS, `marker ${round++}`)
      return at.received.some(({ text }) => text.startsWith('marker'))
    })
  }

  ask(from: ComplianceNode, to: ComplianceNode, body: Uint8Array, options = EASY): Promise<Uint8Array> {
    return this.harness.settle(from.mesh.request(to.mesh.nodeId, PROTOCOL, body, options))
  }
}

const failsWith = (code: MeshError['code']) => (error: unknown) => error instanceof MeshError && error.code === code

const broadcastTests = (line: Line): void => {
  it('G1: a broadcast reaches every other node once, over one hop or two, and not its sender', async () => {
    const stage = await line(3)
    const sender = stage.node(0)
    sender.publish(TRANSITIONS, 'one')
    await stage.harness.until('both others have it', () => [1, 2].every((i) => stage.node(i).has('one')))
    await stage.flush(sender, stage.node(2))
    assert.deepEqual(
      [0, 1, 2].map((i) => stage.node(i).count('one')),
      [0, 1, 1],
    )
    assert.equal(stage.node(1).received[0]?.topic, TRANSITIONS)
  })

  it('G1: each topic carries its own messages, equal bytes included', async () => {
    const stage = await line(2)
    stage.node(0).publish(TRANSITIONS, 'same')
    stage.node(0).publish(STATUS, 'same')
    await stage.harness.until('it has come on both topics', () => stage.node(1).count('same') === 2)
    assert.deepEqual(new Set(stage.node(1).received.map(({ topic }) => topic)), new Set([TRANSITIONS, STATUS]))
  })

  for (const verdict of ['ignore', 'reject', 'throw'] as const) {
    it(`G3: a message judged ${verdict} is not forwarded, an accepted one is`, async () => {
      const stage = await line(3)
      stage.node(1).judge = (text) => {
        if (text !== 'bad') return 'accept'
        if (verdict === 'throw') throw new Error('the validator broke')
        return verdict satisfies MessageVerdict
      }
      stage.node(0).publish(TRANSITIONS, 'bad')
      await stage.harness.until('the middle node has judged it', () => stage.node(1).has('bad'))
      await stage.flush(stage.node(0), stage.node(2))
      assert.equal(stage.node(2).count('bad'), 0)
    })
  }

  it('publishing with nobody there, twice, or after stop does not throw', async () => {
    const stage = await line(1)
    const node = stage.node(0)
    node.publish(STATUS, 'into the void')
    node.publish(STATUS, 'into the void')
    await stage.harness.settle(node.mesh.stop())
    node.publish(STATUS, 'too late')
    assert.equal(node.dropped('stopped'), 1)
  })

  it('a message over the cap is dropped and counted, and the next one passes', async () => {
    const stage = await line(2)
    stage.node(0).mesh.publish(TRANSITIONS, new Uint8Array((1 << 20) + 1))
    assert.equal(stage.node(0).dropped('oversize'), 1)
    await stage.flush(stage.node(0), stage.node(1))
    assert.equal(
      stage.node(1).received.every(({ text }) => text.startsWith('marker')),
      true,
    )
  })

  it('what a caller does to its bytes after publish changes nothing', async () => {
    const stage = await line(2)
    const bytes = new TextEncoder().encode('before')
    stage.node(0).mesh.publish(TRANSITIONS, bytes)
    bytes.fill(0)
    await stage.harness.until('it has arrived', () => stage.node(1).received.length > 0)
    assert.equal(stage.node(1).received[0]?.text, 'before')
  })
}

const requestTests = (line: Line): void => {
  it('a request is answered by the peer, which is told who asks and on which protocol', async () => {
    const stage = await line(2)
    const [asker, asked] = [stage.node(0), stage.node(1)]
    asked.answer = async (protocol, body, from) => new TextEncoder().encode(`${protocol} ${textOf(body)} ${from}`)
    const answer = await stage.ask(asker, asked, new TextEncoder().encode('question'))
    assert.equal(textOf(answer), `${PROTOCOL} question ${asker.mesh.nodeId}`)
  })

  it('an empty question may have an empty answer', async () => {
    const stage = await line(2)
    assert.equal((await stage.ask(stage.node(1), stage.node(0), new Uint8Array())).byteLength, 0)
  })

  it('eight mebibytes travel there and back unharmed', async () => {
    const stage = await line(2)
    const body = new Uint8Array(8 << 20).map((_, i) => (i * 31) ^ (i >> 11))
    const answer = await stage.ask(stage.node(0), stage.node(1), body, { timeoutMs: 20_000, maxResponseBytes: 8 << 20 })
    assert.equal(Buffer.compare(answer, body), 0)
  })

  it('a handler that never answers is a timeout', async () => {
    const stage = await line(2)
    stage.node(1).answer = () => new Promise(() => undefined)
    const asked = stage.ask(stage.node(0), stage.node(1), new Uint8Array(1), { ...EASY, timeoutMs: 200 })
    await assert.rejects(asked, failsWith('timeout'))
  })

  it('a handler that throws is a refusal, and the next request is answered', async () => {
    const stage = await line(2)
    stage.node(1).answer = () => {
      throw new Error('a secret detail')
    }
    await assert.rejects(
      stage.ask(stage.node(0), stage.node(1), new Uint8Array(1)),
      (error) => failsWith('refused')(error) && !String(error).includes('secret'),
    )
    stage.node(1).answer = async (_protocol, body) => body
    assert.deepEqual(await stage.ask(stage.node(0), stage.node(1), Uint8Array.of(7)), Uint8Array.of(7))
  })

  it('a peer without a connection is unreachable', async () => {
    const stage = await line(1)
    assert.ok(STRANGER)
    const asked = stage.node(0).mesh.request(STRANGER, PROTOCOL, new Uint8Array(1), EASY)
    await assert.rejects(stage.harness.settle(asked), failsWith('unreachable'))
  })

  it('an answer over maxResponseBytes is too_large; one of exactly that size is not', async () => {
    const stage = await line(2)
    const body = new Uint8Array(100_000)
    const ask = (maxResponseBytes: number) =>
      stage.ask(stage.node(0), stage.node(1), body, { timeoutMs: 10_000, maxResponseBytes })
    for (const maxBytes of [0, 1, 99_999]) await assert.rejects(ask(maxBytes), failsWith('too_large'))
    assert.equal((await ask(100_000)).byteLength, 100_000)
  })

  it('three hundred requests at once are all answered, each with its own answer', async () => {
    const stage = await line(2)
    const bodies = Array.from({ length: 300 }, (_, i) => new TextEncoder().encode(`question ${i}`))
    const asked = Promise.all(
      bodies.map((body) => stage.node(0).mesh.request(stage.node(1).mesh.nodeId, PROTOCOL, body, EASY)),
    )
    const answers = await stage.harness.settle(asked)
    assert.deepEqual(answers.map(textOf), bodies.map(textOf))
  })

  it('stop is safe to repeat; requests under way and after it fail with stopped', async () => {
    const stage = await line(2)
    stage.node(1).answer = () => new Promise(() => undefined)
    const [asker, asked] = [stage.node(0), stage.node(1)]
    const request = asker.mesh.request(asked.mesh.nodeId, PROTOCOL, new Uint8Array(1), EASY)
    const underWay = assert.rejects(request, failsWith('stopped'))
    await stage.harness.settle(Promise.all([asker.mesh.stop(), asker.mesh.stop()]))
    await stage.harness.settle(asker.mesh.stop())
    await underWay
    await assert.rejects(stage.ask(asker, asked, new Uint8Array(1)), failsWith('stopped'))
  })
}

const peerTests = (line: Line): void => {
  it('a connection is told to both ends once broadcast works, and its end to the one that remains', async () => {
    const stage = await line(2)
    const [first, second] = [stage.node(0), stage.node(1)]
    assert.deepEqual(first.connected, new Set([second.mesh.nodeId]))
    assert.deepEqual(first.mesh.connectedPeers(), [second.mesh.nodeId])
    first.publish(TRANSITIONS, 'at once')
    await stage.harness.until('broadcast works', () => second.has('at once'))
    await stage.harness.settle(second.mesh.stop())
    await stage.harness.until('the end is told', () => first.connected.size === 0)
    assert.deepEqual(first.mesh.connectedPeers(), [])
  })

  it('G5: a learnt peer is dialled; learning it again, or oneself, changes nothing', async () => {
    const stage = await line(3)
    const [first, last] = [stage.node(0), stage.node(2)]
    for (let i = 0; i < 3; i++) first.mesh.learn(last.mesh.nodeId, last.mesh.addresses())
    first.mesh.learn(first.mesh.nodeId, first.mesh.addresses())
    await stage.harness.until('they are connected', () => first.connected.has(last.mesh.nodeId))
    const ids: NodeId[] = [stage.node(1).mesh.nodeId, last.mesh.nodeId]
    assert.deepEqual(first.mesh.connectedPeers(), ids.sort(), 'ascending order of id')
  })

  it('G5: a peer that went and came back under the same id is told again', async () => {
    const stage = await line(1)
    const first = stage.node(0)
    for (let life = 1; life <= 2; life++) {
      const made = await stage.harness.create({ join: first.mesh.addresses(), identity: 'comes and goes' })
      const guest = complianceNode(made)
      await stage.harness.settle(guest.mesh.start(guest.handlers))
      await stage.harness.until('the guest is connected', () => first.connections.length === life)
      first.publish(TRANSITIONS, `life ${life}`)
      await stage.harness.until('the guest hears', () => guest.has(`life ${life}`))
      await stage.harness.settle(guest.mesh.stop())
      await stage.harness.until('its end is noticed', () => first.connected.size === 0)
    }
    assert.equal(new Set(first.connections).size, 1)
  })

  it('addresses are empty before start and name the node after it', async () => {
    const stage = await line(1)
    const { mesh } = stage.node(0)
    assert.ok(mesh.addresses().length > 0)
    for (const address of mesh.addresses()) assert.ok(address.endsWith(`/p2p/${mesh.nodeId}`), address)
    const { mesh: unstarted } = await stage.harness.create({ join: [] })
    assert.deepEqual(unstarted.addresses(), [])
  })
}

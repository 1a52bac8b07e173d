/** Entities that every node of a world holds from the beginning: signed as all others are, and written to the disks at once. */
import { putClock, putEntry, type StoreOp } from '@rollcall/core'
import { type EntityId, makeRecord, type NodeId, nodeIdOf, type Stamp } from '@rollcall/protocol'
import { MemoryDisk, SeededRandom } from '@rollcall/testkit'
import { Agent } from '../workload/agent.ts'
import { drawWords } from '../workload/words.ts'
import type { World } from '../world.ts'

const DAY_MS = 24 * 3_600_000
/** Registered within a day, a week ago. */
const SINCE_MS = 7 * DAY_MS
const WRITE_MAX = 1_000
const FOUNDERS = ['a', 'b', 'c']

export class Population {
  readonly count: number
  readonly #world: World
  readonly #beganMs: number
  readonly #founders: readonly NodeId[]

  constructor(world: World, count: number) {
    this.#world = world
    this.count = count
    this.#beganMs = world.trueMs() - SINCE_MS
    // Nodes that wrote the records; they take no part themselves.
    this.#founders = FOUNDERS.map((name) => nodeIdOf(world.keys.signer(`founder ${name}`).publicKey))
  }

  /** Entity number `number`, the same each time; from `count` on nobody holds it yet. */
  agent(number: number): Agent {
    const { keys } = this.#world
    return new Agent({
      keys,
      number,
      type: 'agent',
      form: 'native',
      beatForm: 'native',
      offsetMs: 0,
      developer: undefined,
    })
  }

  /** What an entity says of itself; another text for each `edition`. */
  fields(number: number, edition = 'first'): { readonly summary: string; readonly tags: string[] } {
    const random = new SeededRandom(`${number} ${edition}`)
    return { summary: drawWords(random, 12).join(' '), tags: drawWords(random, 3) }
  }

  /** Writes all of them to the disks of nodes that are down. */
  write(): void {
    const disk = new MemoryDisk()
    let batch: StoreOp[] = []
    for (let number = 0; number < this.count; number++) {
      batch.push(this.#row(number))
      if (batch.length < WRITE_MAX) continue
      disk.apply(batch)
      batch = []
    }
    disk.apply([...batch, putClock(this.#beganMs + DAY_MS)])
    for (const node of this.#world.nodes) node.restore(disk)
  }

  #row(number: number): StoreOp {
    const agent = this.agent(number)
    const wallMs = this.#beganMs + Math.floor((number * DAY_MS) / this.count)
    const stamp = this.#stampAt(wallMs, number)
    const record = makeRecord({
      id: agent.id,
      publicKey: agent.signer.publicKey,
      birth: stamp,
      stamp,
      nameClaim: stamp,
      issuedAtMs: wallMs,
      acts: [agent.registration(wallMs, this.fields(number))],
    })
    if (!record.ok) throw new Error(record.message)
    const { id }: { readonly id: EntityId } = agent
    return putEntry({ kind: 'record', id, record: record.value, presence: undefined }, wallMs)
  }

  /** `counter` tells stamps of one millisecond apart. */
  #stampAt(wallMs: number, number: number): Stamp {
    const node = this.#founders[number % FOUNDERS.length]
    if (node === undefined) throw new RangeError('a number has a founder')
    return { wallMs, counter: number % 1_000, node }
  }
}

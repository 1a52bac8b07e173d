/** Entities that beat by themselves while time passes in a cluster. */
import type { BeatForm, EntityId } from '@rollcall/protocol'
import { registration } from './acts.ts'
import { documentedBeat, nativeBeat, zyndBeat } from './beats.ts'
import type { Cluster } from './cluster.ts'
import { type Owner, ownerOf } from './keys.ts'
import type { BeatAnswered, TestNode } from './node.ts'
import { taken } from './taken.ts'

let sessions = 0

/** A session id above every one before. */
export const newSession = (): number => ++sessions

export class Client {
  readonly owner: Owner
  readonly cluster: Cluster
  node: TestNode
  sessionId = newSession()
  form: BeatForm = 'native'
  /** Its clock minus the time of the test. */
  offsetMs = 0
  readonly address: string

  constructor(init: {
    readonly cluster: Cluster
    readonly node: TestNode
    readonly owner?: Owner
    readonly address?: string
  }) {
    this.cluster = init.cluster
    this.node = init.node
    this.owner = init.owner ?? ownerOf('e')
    this.address = init.address ?? 'client'
  }

  get id(): EntityId {
    return this.owner.id
  }

  get nowMs(): number {
    return this.cluster.time.wallMs + this.offsetMs
  }

  register(name?: string): void {
    const act = registration(this.owner, this.nowMs, name === undefined ? {} : { name })
    taken(this.node.act({ type: 'register', act }))
  }

  /** One beat now, at the node this client is connected to. */
  beat(): BeatAnswered {
    const { owner, node, nowMs, sessionId, address } = this
    const beat =
      this.form === 'native'
        ? nativeBeat(owner, node.id, nowMs)
        : this.form === 'zynd'
          ? zyndBeat(owner, nowMs)
          : documentedBeat(owner, nowMs)
    return node.beat(owner.id, beat, { sessionId, address })
  }

  /** A new session, at another node if one is given. */
  connect(node: TestNode = this.node): void {
    this.node = node
    this.sessionId = newSession()
  }
}

/** A cluster of which node 0 registered one entity, known to all. */
export const clusterWith = (cluster: Cluster): Client => {
  const client = new Client({ cluster, node: cluster.at(0) })
  client.register()
  cluster.syncAll()
  cluster.tellStatus()
  return client
}

/** Lets time pass while `clients` beat every interval at their nodes. */
export const passBeating = (
  cluster: Cluster,
  ms: number,
  clients: readonly Client[],
  each: () => void = () => undefined,
): void => {
  const { intervalMs } = cluster.settings
  const startMs = cluster.time.monotonicMs
  let beaten = 0
  cluster.pass(ms, () => {
    const due = Math.floor((cluster.time.monotonicMs - startMs) / intervalMs)
    if (due > beaten) for (const client of clients) if (cluster.isUp(client.node)) client.beat()
    beaten = due
    each()
  })
}

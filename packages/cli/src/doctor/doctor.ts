/**
 * One climb of the ladder for one registry and, where one is known, one entity.
 *
 * A beat takes over from an older session of the same key (L8). So where the entity is active already, somebody else beats
 * for it, and the doctor sends none: it must not end what it examines. Where its own beat made the entity active, it says
 * goodbye in the end.
 */
import { type Entity, RollcallError, type SessionEntity, sessionEntity } from '@rollcall/client'
import { type KeyPair, nativeSigner } from '@rollcall/identity/node'
import { type EntityId, entityIdOf, entityTypeOf } from '@rollcall/protocol'
import type { Context } from '../context.ts'
import { checkKey, checkSecondNode, checkStatus, ofError } from './entity.ts'
import { checkBeat, checkHello } from './heartbeat.ts'
import { checkClock, checkHealth, type DateHeader } from './http.ts'
import { type Finding, found, type Step, unchecked } from './ladder.ts'
import { checkCertificate, checkName, checkPort, placeOf } from './reach.ts'
import type { Session } from './session.ts'
import { checkUpgrade } from './upgrade.ts'

export interface Patient {
  readonly registry: string
  readonly id: EntityId | undefined
  readonly key: KeyPair | undefined
  readonly keyPath: string
  /** Beat even where another process does. */
  readonly takeOver: boolean
}

export class Doctor {
  readonly #context: Context
  readonly #patient: Patient
  #date: DateHeader | undefined
  #session: Session | undefined
  #entity: Entity | undefined
  /** Set once a beat of the doctor made the entity active. */
  #revived: SessionEntity | undefined

  constructor(context: Context, patient: Patient) {
    this.#context = context
    this.#patient = patient
  }

  steps(): readonly Step[] {
    const place = placeOf(this.#patient.registry)
    return [
      { rung: 'dns', on: [], check: () => checkName(place) },
      { rung: 'tcp', on: ['dns'], check: () => checkPort(place) },
      { rung: 'tls', on: ['tcp'], check: () => checkCertificate(place) },
      { rung: 'http', on: ['tls'], check: () => this.#http() },
      { rung: 'clock', on: ['tls'], check: () => checkClock(this.#patient.registry, this.#date, this.#nowMs) },
      { rung: 'websocket', on: ['tls'], check: () => this.#upgrade() },
      { rung: 'hello', on: ['websocket'], check: () => this.#hello() },
      { rung: 'beat', on: ['hello'], check: () => this.#beat() },
      { rung: 'record', on: ['tls'], check: () => this.#record() },
      { rung: 'status', on: ['record'], check: async () => checkStatus(this.#known()) },
      { rung: 'second_node', on: ['status'], check: () => this.#secondNode() },
      { rung: 'key', on: ['record'], check: async () => this.#key() },
    ]
  }

  /** Leaves the entity as it was. Answers with whether a goodbye was said. */
  async leave(): Promise<boolean> {
    const revived = this.#revived
    const reply = revived === undefined ? undefined : await this.#session?.goodbye(revived, Math.floor(this.#nowMs()))
    this.#session?.end()
    return reply?.kind === 'ack'
  }

  readonly #nowMs = (): number => this.#context.nowMs()

  async #http(): Promise<Finding> {
    const { finding, date } = await checkHealth(this.#patient.registry, this.#nowMs)
    this.#date = date
    return finding
  }

  async #upgrade(): Promise<Finding> {
    const { finding, session } = await checkUpgrade(this.#patient.registry)
    this.#session = session
    return finding
  }

  async #hello(): Promise<Finding> {
    const { id, keyPath } = this.#patient
    if (id === undefined || this.#session === undefined) return unchecked(noEntity(keyPath))
    return checkHello(this.#session, id)
  }

  async #beat(): Promise<Finding> {
    const { id, key, keyPath, takeOver } = this.#patient
    if (id === undefined || this.#session === undefined) return unchecked(noEntity(keyPath))
    if (key === undefined) return unchecked(`there is no key to sign with at ${keyPath}`)
    const type = entityTypeOf(id)
    const isOwner = entityIdOf(type, key.publicKey) === id
    const before = await this.#fetched(id)
    if (isOwner && !takeOver && !(before instanceof RollcallError) && before.status === 'active') {
      return unchecked(
        'the entity is active: a beat from here would take over from the process that beats (--take-over)',
      )
    }
    // A stranger's key signs for the entity asked about: the node is to say what it thinks of that.
    const entity = { ...sessionEntity(nativeSigner(key.seed), type), id }
    const finding = await checkBeat(this.#session, entity, this.#nowMs)
    if (finding.result === 'ok') this.#revived = entity
    return finding
  }

  async #record(): Promise<Finding> {
    const { id, keyPath } = this.#patient
    if (id === undefined) return unchecked(noEntity(keyPath))
    const entity = await this.#fetched(id)
    if (entity instanceof RollcallError) return ofError(entity)
    this.#entity = entity
    return found(`${entity.name ?? id}, registered as ${entity.entity_type ?? 'agent'} at ${entity.entity_url ?? '-'}`)
  }

  async #secondNode(): Promise<Finding> {
    const { registry } = this.#patient
    try {
      const { nodes } = await this.#context.clientOf([registry]).cluster()
      const others = nodes.filter((node) => node.self !== true && node.url !== '' && node.state !== 'gone')
      return await checkSecondNode(this.#known().entity_id as EntityId, others, (url) => this.#context.clientOf([url]))
    } catch (error) {
      if (error instanceof RollcallError) return ofError(error)
      throw error
    }
  }

  #key(): Finding {
    const { key, keyPath } = this.#patient
    return key === undefined
      ? unchecked(`there is no key file at ${keyPath}`)
      : checkKey(this.#known(), key.publicKey, keyPath)
  }

  async #fetched(id: EntityId): Promise<Entity | RollcallError> {
    try {
      return await this.#context.clientOf([this.#patient.registry]).get(id)
    } catch (error) {
      if (error instanceof RollcallError) return error
      throw error
    }
  }

  #known(): Entity {
    if (this.#entity === undefined) throw new Error('the record comes before what is said of it')
    return this.#entity
  }
}

const noEntity = (keyPath: string): string => `no entity to ask about: give its id, or make a key (${keyPath} is none)`

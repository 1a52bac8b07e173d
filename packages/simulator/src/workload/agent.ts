/** An entity of the workload: a key, a clock of its own, and the forms in which it speaks. Signs whatever it is told to. */
import {
  type Act,
  type Beat,
  canonicalJson,
  developerProofBytes,
  type EntityId,
  type EntityType,
  entityIdOf,
  formatKey,
  formatSignature,
  type JsonObject,
  type NodeId,
  nativeActBytes,
  nativeBeatBytes,
  nativePayload,
  parseBeatTime,
  type Signer,
  type Status,
  utf8,
  zyndRegistrationMessages,
} from '@rollcall/protocol'
import type { Keyring } from '../keyring.ts'

export type BeatForm = Beat['form']

export interface AgentInit {
  readonly keys: Keyring
  readonly number: number
  readonly type: EntityType
  /** The form of its acts. */
  readonly form: Act['form']
  readonly beatForm: BeatForm
  /** Its clock minus true time. */
  readonly offsetMs: number
  /** The developer who may sign for it, if one does. */
  readonly developer: Signer | undefined
}

export class Agent {
  readonly number: number
  readonly name: string
  readonly id: EntityId
  readonly signer: Signer
  readonly form: Act['form']
  readonly beatForm: BeatForm
  readonly developer: Signer | undefined
  offsetMs: number
  readonly #type: EntityType
  #acts = 0

  constructor(init: AgentInit) {
    this.number = init.number
    this.name = `a${init.number}`
    this.signer = init.keys.signer(`agent ${init.number}`)
    this.id = entityIdOf(init.type, this.signer.publicKey)
    this.#type = init.type
    this.form = init.form
    this.beatForm = init.beatForm
    this.offsetMs = init.offsetMs
    this.developer = init.developer
  }

  /** What its own clock shows. */
  clockMs(trueMs: number): number {
    return Math.floor(trueMs + this.offsetMs)
  }

  registration(trueMs: number, fields: JsonObject): Act {
    const body: JsonObject = {
      name: this.name,
      entity_url: `http://${this.name}.example`,
      category: 'simulated',
      summary: '',
      tags: [],
      public_key: formatKey(this.signer.publicKey),
      entity_type: this.#type,
      ...this.#developerProof(),
      ...fields,
    }
    if (this.form === 'native') return this.#native('register', trueMs, body, this.signer, 'entity')
    const [message = utf8('')] = zyndRegistrationMessages(body)
    const signature = this.signer.sign(message)
    const text = canonicalJson({ ...body, signature: formatSignature(signature) })
    return { kind: 'register', form: 'zynd', by: 'entity', text, signature }
  }

  update(trueMs: number, fields: JsonObject, by: Act['by'] = 'entity'): Act {
    const signer = this.#signerFor(by)
    if (this.form === 'native') return this.#native('update', trueMs, { entity_id: this.id, ...fields }, signer, by)
    const text = canonicalJson(fields)
    return { kind: 'update', form: 'zynd', by, text, signature: signer.sign(utf8(text)) }
  }

  deregistration(trueMs: number, by: Act['by'] = 'entity'): Act {
    const signer = this.#signerFor(by)
    if (this.form === 'native') return this.#native('deregister', trueMs, { entity_id: this.id }, signer, by)
    return { kind: 'deregister', form: 'zynd', by, text: '', signature: signer.sign(utf8(this.id)) }
  }

  /** A beat for a session on `node` whose challenge was `nonce`; only the native form says either. */
  beat(to: { readonly node: NodeId; readonly nonce: string }, trueMs: number, status: Status = 'active'): Beat {
    const clockMs = this.clockMs(trueMs)
    if (this.beatForm === 'native') {
      const { node, nonce } = to
      const message = nativeBeatBytes({ entityId: this.id, node, nonce, timeMs: clockMs, status })
      return { form: 'native', timeMs: clockMs, text: nonce, status, node, signature: this.signer.sign(message) }
    }
    // The clients that exist send RFC 3339; those that follow the documents send seconds.
    const text = this.beatForm === 'zynd' ? new Date(clockMs).toISOString() : String(Math.floor(clockMs / 1000))
    const message = this.beatForm === 'zynd' ? utf8(text) : utf8(this.id + text)
    const timeMs = parseBeatTime(text) ?? clockMs
    return {
      form: this.beatForm,
      timeMs,
      text,
      status: 'active',
      node: undefined,
      signature: this.signer.sign(message),
    }
  }

  #signerFor(by: Act['by']): Signer {
    return by === 'developer' && this.developer !== undefined ? this.developer : this.signer
  }

  #native(kind: Act['kind'], trueMs: number, body: JsonObject, signer: Signer, by: Act['by']): Act {
    const text = nativePayload({ body, issuedAtMs: this.clockMs(trueMs), nonce: `${this.name}.${++this.#acts}` })
    return { kind, form: 'native', by, text, signature: signer.sign(nativeActBytes(kind, text)) }
  }

  #developerProof(): JsonObject {
    if (this.developer === undefined) return {}
    const message = developerProofBytes(this.signer.publicKey, this.number)
    return {
      developer_proof: {
        developer_public_key: formatKey(this.developer.publicKey),
        entity_index: this.number,
        developer_signature: formatSignature(this.developer.sign(message)),
      },
    }
  }
}

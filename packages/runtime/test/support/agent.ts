import { nativeSigner } from '@rollcall/identity/node'
import {
  type Act,
  type Beat,
  type EntityId,
  entityIdOf,
  formatKey,
  type JsonObject,
  type NodeId,
  nativeActBytes,
  nativeBeatBytes,
  nativePayload,
  type Signer,
  type Status,
} from '@rollcall/protocol'

/** An agent with a key, as a client would act: signs what it is told to say. */
export class Agent {
  readonly signer: Signer
  readonly id: EntityId
  readonly name: string

  constructor(number: number) {
    const seed = new Uint8Array(32)
    new DataView(seed.buffer).setUint32(0, number + 1)
    this.signer = nativeSigner(seed)
    this.id = entityIdOf('agent', this.signer.publicKey)
    this.name = `agent ${number}`
  }

  registration(nowMs: number, fields: JsonObject = {}): Act {
    return this.#act('register', nowMs, {
      name: this.name,
      entity_url: 'http://127.0.0.1:9',
      category: 'test',
      tags: ['weather'],
      summary: 'Answers about the weather.',
      public_key: formatKey(this.signer.publicKey),
      ...fields,
    })
  }

  update(nowMs: number, fields: JsonObject): Act {
    return this.#act('update', nowMs, { entity_id: this.id, ...fields })
  }

  deregistration(nowMs: number): Act {
    return this.#act('deregister', nowMs, { entity_id: this.id })
  }

  beat(node: NodeId, nowMs: number, status: Status = 'active'): Beat {
    const timeMs = Math.floor(nowMs)
    const nonce = 'bm9uY2U='
    const message = nativeBeatBytes({ entityId: this.id, node, nonce, timeMs, status })
    return { form: 'native', timeMs, text: nonce, status, node, signature: this.signer.sign(message) }
  }

  #act(kind: Act['kind'], nowMs: number, body: JsonObject): Act {
    const text = nativePayload({ body, issuedAtMs: Math.floor(nowMs), nonce: String(nowMs) })
    return { kind, form: 'native', by: 'entity', text, signature: this.signer.sign(nativeActBytes(kind, text)) }
  }
}

import { nativeSigner } from '@rollcall/identity/node'
import {
  type Act,
  type ActKind,
  type DeveloperId,
  developerIdOf,
  developerProofBytes,
  type EntityId,
  formatKey,
  formatSignature,
  type JsonObject,
  nativeActBytes,
  nativePayload,
  type Signer,
} from '@rollcall/protocol'
import type { Agent } from './agent.ts'

/** A developer with a key: signs, in the native form, what it is told to say. */
export class Developer {
  readonly signer: Signer
  readonly id: DeveloperId

  constructor(number: number) {
    const seed = new Uint8Array(32).fill(200)
    new DataView(seed.buffer).setUint32(0, number + 1)
    this.signer = nativeSigner(seed)
    this.id = developerIdOf(this.signer.publicKey)
  }

  /** What an agent's registration carries to be this developer's. */
  proofOf(agent: Agent, index = 0): JsonObject {
    const signature = this.signer.sign(developerProofBytes(agent.signer.publicKey, index))
    return {
      developer_id: this.id,
      developer_proof: {
        developer_public_key: formatKey(this.signer.publicKey),
        entity_index: index,
        developer_signature: formatSignature(signature),
      },
    }
  }

  registration(nowMs: number, fields: JsonObject = {}): Act {
    return this.act('register_developer', nowMs, { public_key: formatKey(this.signer.publicKey), ...fields })
  }

  update(nowMs: number, fields: JsonObject): Act {
    return this.act('update_developer', nowMs, { developer_id: this.id, ...fields })
  }

  deregistration(nowMs: number): Act {
    return this.act('deregister_developer', nowMs, { developer_id: this.id })
  }

  claim(nowMs: number, handle: string): Act {
    return this.act('claim_handle', nowMs, { developer_id: this.id, handle })
  }

  release(nowMs: number, handle: string): Act {
    return this.act('release_handle', nowMs, { developer_id: this.id, handle })
  }

  binding(nowMs: number, entity: EntityId, name: string, fields: JsonObject = {}): Act {
    return this.act('bind_name', nowMs, { entity_id: entity, entity_name: name, ...fields })
  }

  unbinding(nowMs: number, entity: EntityId, name: string): Act {
    return this.act('release_name', nowMs, { entity_id: entity, entity_name: name })
  }

  act(kind: ActKind, nowMs: number, body: JsonObject): Act {
    const text = nativePayload({ body, issuedAtMs: Math.floor(nowMs), nonce: `${kind} ${nowMs}` })
    return { kind, form: 'native', by: 'developer', text, signature: this.signer.sign(nativeActBytes(kind, text)) }
  }
}

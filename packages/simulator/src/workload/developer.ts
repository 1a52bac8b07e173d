/** A developer of the workload: a key, and the forms in which it speaks of itself and of the names of its entities. */
import {
  type Act,
  type ActKind,
  canonicalJson,
  type DeveloperId,
  developerIdOf,
  type EntityId,
  formatKey,
  type JsonObject,
  nativeActBytes,
  nativePayload,
  releaseText,
  type Signer,
  utf8,
  zyndDeveloperMessages,
} from '@rollcall/protocol'

export interface DeveloperInit {
  readonly name: string
  readonly signer: Signer
  readonly form: Act['form']
  /** Its clock minus true time. */
  readonly offsetMs: number
}

export class Developer {
  readonly name: string
  readonly id: DeveloperId
  readonly signer: Signer
  readonly form: Act['form']
  readonly offsetMs: number
  #acts = 0

  constructor(init: DeveloperInit) {
    this.name = init.name
    this.signer = init.signer
    this.id = developerIdOf(init.signer.publicKey)
    this.form = init.form
    this.offsetMs = init.offsetMs
  }

  registration(trueMs: number): Act {
    const body = { public_key: formatKey(this.signer.publicKey), name: this.name, profile_url: '', github: '' }
    return this.#act('register_developer', trueMs, body)
  }

  update(trueMs: number, github: string): Act {
    return this.#act('update_developer', trueMs, { developer_id: this.id, github })
  }

  deregistration(trueMs: number): Act {
    return this.#act('deregister_developer', trueMs, { developer_id: this.id })
  }

  claim(trueMs: number, handle: string): Act {
    const body = { developer_id: this.id, handle, public_key: formatKey(this.signer.publicKey) }
    return this.#act('claim_handle', trueMs, body)
  }

  release(trueMs: number, handle: string): Act {
    if (this.form === 'zynd') return this.#released('release_handle', handle)
    return this.#act('release_handle', trueMs, { developer_id: this.id, handle })
  }

  bind(trueMs: number, of: { readonly id: EntityId; readonly name: string; readonly handle: string }): Act {
    const { id, name, handle } = of
    const version = `1.${++this.#acts}`
    const body = { capability_tags: [], developer_handle: handle, entity_id: id, entity_name: name, version }
    return this.#act('bind_name', trueMs, body)
  }

  releaseName(trueMs: number, of: { readonly id: EntityId; readonly name: string; readonly handle: string }): Act {
    const { id, name, handle } = of
    if (this.form === 'zynd') return this.#released('release_name', `rollcall/${handle}/${name}`)
    return this.#act('release_name', trueMs, { entity_id: id, entity_name: name })
  }

  #act(kind: ActKind, trueMs: number, body: JsonObject): Act {
    const by = 'developer'
    if (this.form === 'native') {
      const issuedAtMs = Math.floor(trueMs + this.offsetMs)
      const text = nativePayload({ body, issuedAtMs, nonce: `${this.name}.${++this.#acts}` })
      return { kind, form: 'native', by, text, signature: this.signer.sign(nativeActBytes(kind, text)) }
    }
    const text = kind === 'deregister_developer' ? '' : canonicalJson(body)
    return { kind, form: 'zynd', by, text, signature: this.signer.sign(this.#zyndMessage(kind, text, body)) }
  }

  #zyndMessage(kind: ActKind, text: string, body: JsonObject): Uint8Array {
    if (kind === 'deregister_developer') return utf8(this.id)
    if (kind === 'register_developer' || kind === 'claim_handle' || kind === 'bind_name') {
      return zyndDeveloperMessages(kind, body)[0] ?? utf8(text)
    }
    return utf8(text)
  }

  #released(kind: 'release_handle' | 'release_name', what: string): Act {
    const text = releaseText(what)
    return { kind, form: 'zynd', by: 'developer', text, signature: this.signer.sign(utf8(text)) }
  }
}

/**
 * What a developer does for its entities: be known, hold a handle, give entities full names (handle/name). Every act is
 * signed by the developer's key, and every node checks it.
 *
 * @example
 * const developer = new DeveloperClient({ registries, signer: developerSigner })
 * await developer.claimHandle('alice')
 * const { fqan } = await developer.bindName({ entityId, name: 'weather', version: '1.0.0' })
 */
import { type ActKind, developerIdOf, formatKey, type JsonObject, type Signer } from '@rollcall/protocol'
import { type CallOptions, type ClientOptions, RollcallClient } from './client.ts'
import { namePath } from './names.ts'

export interface DeveloperFields {
  readonly name: string
  readonly github?: string
  readonly profileUrl?: string
  /** A handle to claim with the registration. */
  readonly handle?: string
}

export interface NameBinding {
  /** An entity whose registration carries this developer's proof. */
  readonly entityId: string
  /** 3 to 40 characters: a-z, 0-9 and single hyphens, beginning with a letter. */
  readonly name: string
  readonly version?: string
  readonly capabilityTags?: readonly string[]
}

export class DeveloperClient {
  /** The id that follows from the key (I1). */
  readonly id: string
  readonly #signer: Signer
  readonly #client: RollcallClient

  constructor(options: ClientOptions & { readonly signer: Signer }) {
    this.#signer = options.signer
    this.#client = new RollcallClient(options)
    this.id = developerIdOf(options.signer.publicKey)
  }

  /** Makes the developer known by more than the proofs of its entities. @throws RollcallError `already_registered`, … */
  register({ name, github, profileUrl, handle }: DeveloperFields, options: CallOptions = {}): Promise<JsonObject> {
    const body = {
      public_key: formatKey(this.#signer.publicKey),
      name,
      ...(github === undefined ? {} : { github }),
      ...(profileUrl === undefined ? {} : { profile_url: profileUrl }),
      ...(handle === undefined ? {} : { handle }),
    }
    return this.#act('register_developer', ['POST', '/v1/developers'], body, options)
  }

  /** Of two developers that claim the same handle the older claim holds it, on every node. */
  claimHandle(handle: string, options: CallOptions = {}): Promise<JsonObject> {
    return this.#act('claim_handle', ['POST', '/v1/handles'], { developer_id: this.id, handle }, options)
  }

  /** Gives the handle up; the full names under it go with it. */
  releaseHandle(handle: string, options: CallOptions = {}): Promise<JsonObject> {
    const body = { developer_id: this.id, handle }
    return this.#act('release_handle', ['DELETE', `/v1/handles/${encodeURIComponent(handle)}`], body, options)
  }

  /** Gives an entity of this developer a full name; another version of the same name is added to its versions. */
  bindName({ entityId, name, version, capabilityTags }: NameBinding, options: CallOptions = {}): Promise<JsonObject> {
    const body = {
      entity_id: entityId,
      entity_name: name,
      version: version ?? '',
      ...(capabilityTags === undefined ? {} : { capability_tags: [...capabilityTags] }),
    }
    return this.#act('bind_name', ['POST', '/v1/names'], body, options)
  }

  /** Takes the full name from the entity that bears it; the entity stays registered. */
  async releaseName(
    of: { readonly handle: string; readonly name: string },
    options: CallOptions = {},
  ): Promise<JsonObject> {
    const path = namePath('names', of)
    const held = await this.#client.read(path, options)
    const body = { entity_id: held.entity_id ?? null, entity_name: of.name }
    return this.#act('release_name', ['DELETE', path], body, options)
  }

  #act(
    kind: ActKind,
    [method, path]: readonly ['POST' | 'DELETE', string],
    body: JsonObject,
    options: CallOptions,
  ): Promise<JsonObject> {
    return this.#client.developerAct({ method, path, kind, body }, options)
  }
}

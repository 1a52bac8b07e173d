/** An agent as Zynd's SDKs make one: their bytes over plain HTTP and a WebSocket, and nothing of our client. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { nativeSigner } from '@rollcall/identity/node'
import { canonicalJson, formatKey, formatSignature, type JsonObject, type Signer, utf8 } from '@rollcall/protocol'
import { WebSocket } from 'ws'

export interface Reply {
  readonly status: number
  readonly body: Record<string, unknown>
}

export const call = async (url: string, init: RequestInit = {}): Promise<Reply> => {
  const response = await fetch(url, init)
  const text = await response.text()
  const body: unknown = text === '' ? {} : JSON.parse(text)
  return { status: response.status, body: typeof body === 'object' && body !== null ? { ...body } : {} }
}

export class ZyndAgent {
  readonly signer: Signer
  readonly id: string
  readonly name: string

  constructor(name: string) {
    this.name = name
    this.signer = nativeSigner(createHash('sha256').update(`test agent ${name}`).digest())
    this.id = `zns:${createHash('sha256').update(this.signer.publicKey).digest('hex').slice(0, 32)}`
  }

  registration(fields: JsonObject = {}): string {
    const covered: JsonObject = {
      category: 'testing',
      entity_url: 'http://127.0.0.1:5000',
      name: this.name,
      public_key: formatKey(this.signer.publicKey),
      summary: `An agent called ${this.name}.`,
      tags: ['e2e'],
      ...fields,
    }
    return JSON.stringify({ ...covered, signature: this.#sign(canonicalJson(covered)) })
  }

  register(url: string, fields: JsonObject = {}): Promise<Reply> {
    return call(`${url}/v1/entities`, { method: 'POST', body: this.registration(fields) })
  }

  update(url: string, fields: JsonObject): Promise<Reply> {
    const body = canonicalJson({ ...fields, signature: this.#sign(canonicalJson(fields)) })
    const headers = { authorization: `Bearer ${this.#sign(body)}` }
    return call(`${url}/v1/entities/${this.id}`, { method: 'PUT', body, headers })
  }

  deregister(url: string): Promise<Reply> {
    const headers = { authorization: `Bearer ${this.#sign(this.id)}` }
    return call(`${url}/v1/entities/${this.id}`, { method: 'DELETE', headers })
  }

  get(url: string): Promise<Reply> {
    return call(`${url}/v1/entities/${this.id}`)
  }

  async status(url: string): Promise<unknown> {
    const { status, body } = await this.get(url)
    return status === 200 ? body.status : status
  }

  /** The frame of a heartbeat at `ms`, with the second resolution of the SDKs. */
  frame(ms: number = Date.now()): string {
    const timestamp = `${new Date(ms).toISOString().slice(0, 19)}Z`
    return JSON.stringify({ timestamp, signature: this.#sign(timestamp) })
  }

  /** Opens the heartbeat socket of a node. */
  async connect(url: string): Promise<WebSocket> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/v1/entities/${this.id}/ws`)
    await once(socket, 'open')
    return socket
  }

  #sign(text: string): string {
    return formatSignature(this.signer.sign(utf8(text)))
  }
}

/** Ids that `POST /v1/search` finds. */
export const search = async (url: string, body: JsonObject): Promise<unknown[]> => {
  const reply = await call(`${url}/v1/search`, { method: 'POST', body: JSON.stringify(body) })
  const results = Array.isArray(reply.body.results) ? reply.body.results : []
  return results.map((hit: { readonly entity_id?: unknown }) => hit.entity_id)
}

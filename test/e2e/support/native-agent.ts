/** The native forms written out by hand from the protocol, so that a test can bend each field of them. */
import assert from 'node:assert/strict'
import {
  type ActKind,
  type EntityId,
  formatKey,
  formatSignature,
  formatSignedRequest,
  type JsonObject,
  nativeActBytes,
  nativeBeatBytes,
  nativePayload,
  PROTOCOL_VERSION,
  parseEntityId,
  parseNodeId,
} from '@rollcall/protocol'
import { type Frame, FrameSocket } from './frame-socket.ts'
import { call, type Reply, type ZyndAgent } from './zynd-agent.ts'

export const entityIdOf = (agent: ZyndAgent): EntityId => parseEntityId(agent.id) ?? assert.fail(agent.id)

let nonces = 0

/** The HTTP body of a native act. */
export const nativeAct = (
  agent: ZyndAgent,
  kind: ActKind,
  content: { readonly body: JsonObject; readonly issuedAtMs?: number },
): string => {
  const issuedAtMs = content.issuedAtMs ?? Date.now()
  const text = nativePayload({ body: content.body, issuedAtMs, nonce: `nonce-${++nonces}` })
  const signature = agent.signer.sign(nativeActBytes(kind, text))
  return formatSignedRequest({ kind, form: 'native', by: 'entity', text, signature })
}

export const nativeProfile = (agent: ZyndAgent): JsonObject => ({
  entity_id: agent.id,
  entity_url: 'http://127.0.0.1:5000',
  name: agent.name,
  public_key: formatKey(agent.signer.publicKey),
})

export const registerNatively = (
  url: string,
  agent: ZyndAgent,
  content: { readonly body?: JsonObject; readonly issuedAtMs?: number } = {},
): Promise<Reply> => {
  const body = { ...nativeProfile(agent), ...content.body }
  return call(`${url}/v1/entities`, { method: 'POST', body: nativeAct(agent, 'register', { ...content, body }) })
}

/** More ids would not fit the 4 KiB of one frame. */
const HELLO_MAX = 64

/** A session of `WS /v1/session` for some agents, welcomed. */
export class NativeSession {
  readonly socket: FrameSocket
  readonly #challenge: Frame

  private constructor(socket: FrameSocket, challenge: Frame) {
    this.socket = socket
    this.#challenge = challenge
  }

  /** Opens the socket and takes the challenge; says nothing yet. */
  static async challenged(url: string): Promise<NativeSession> {
    const socket = await FrameSocket.open(`${url}/v1/session`)
    return new NativeSession(socket, await socket.nextOf('challenge'))
  }

  static async open(url: string, agents: readonly ZyndAgent[]): Promise<NativeSession> {
    const session = await NativeSession.challenged(url)
    for (let at = 0; at < agents.length; at += HELLO_MAX) {
      session.hello(agents.slice(at, at + HELLO_MAX).map((agent) => agent.id))
      await session.socket.nextOf('welcome')
    }
    return session
  }

  hello(entities: readonly string[], protocol: number = PROTOCOL_VERSION): void {
    this.socket.send({ type: 'hello', entities, protocol, client: 'e2e' })
  }

  /** A heartbeat or goodbye, signed by `signer` (the agent's own key if not given), as the text of a frame. */
  frame(
    agent: ZyndAgent,
    options: {
      readonly timeMs?: number
      readonly signer?: ZyndAgent
      readonly type?: 'heartbeat' | 'goodbye'
      readonly health?: JsonObject
    } = {},
  ): string {
    const { timeMs = Date.now(), signer = agent, type = 'heartbeat', health } = options
    const node = parseNodeId(String(this.#challenge.node_id)) ?? assert.fail('the challenge names no node')
    const status = type === 'goodbye' ? 'inactive' : 'active'
    const about = { entityId: entityIdOf(agent), node, nonce: String(this.#challenge.nonce), timeMs, status } as const
    const signature = formatSignature(signer.signer.sign(nativeBeatBytes(about)))
    return JSON.stringify({ type, entity_id: agent.id, timestamp_ms: timeMs, signature, health })
  }

  /** Sends a good beat and waits for its ack. */
  async beat(agent: ZyndAgent, timeMs: number = Date.now()): Promise<Frame> {
    this.socket.send(this.frame(agent, { timeMs }))
    return this.socket.nextOf('ack')
  }
}

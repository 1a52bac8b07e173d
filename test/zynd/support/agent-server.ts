/** The HTTP server of an agent, which serves its card signed anew at every reading, as both SDKs do (zynd-wire.md §8, S13). */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canonical, type Fields, Float, pythonBody } from './dump.ts'
import type { Identity } from './sdk.ts'
import { idOf } from './sdk.ts'

/** The head of the signature: compact from T, with spaces from P. */
const HEADS = {
  typescript: '{"alg":"EdDSA","typ":"agent-card+jcs+jws"}',
  python: '{"alg": "EdDSA", "typ": "agent-card+jcs+jws"}',
} as const
export type Manner = keyof typeof HEADS

export interface CardOptions {
  /** Laid over the fields of the card before it is signed. */
  readonly fields?: Fields
  /** Laid over `x-zynd` before it is signed. */
  readonly zynd?: Fields
  /** Changes the text after it was signed. */
  readonly alter?: (text: string) => string
}

let readings = 0

/** A card as T or P writes and signs it; `lastUpdatedAt` is another every time. */
export const cardText = (
  identity: Identity,
  url: string,
  manner: Manner,
  { fields, zynd, alter }: CardOptions = {},
): string => {
  // P prints floats as floats: they must be canonicalised as they are written.
  const number = (value: number): Float | number => (manner === 'python' ? new Float(value) : value)
  const card: Fields = {
    protocolVersion: '0.3.0',
    name: 'Größe <&> 🤖',
    description: 'Serves its card.',
    version: '1.0.0',
    url: `${url}/a2a/v1`,
    preferredTransport: 'JSONRPC',
    capabilities: { streaming: false, pushNotifications: false, stateTransitionHistory: false },
    skills: [{ id: 'count', name: 'Count', description: 'Counts.', tags: ['numbers'], examples: [] }],
    provider: { organization: 'nobody' },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    'x-zynd': {
      version: '1',
      entityId: idOf(identity),
      publicKey: identity.key.publicText,
      pricing: { base: number(1), least: number(1e-7), most: number(1e16) },
      status: 'online',
      category: 'conformance',
      tags: ['zynd'],
      lastUpdatedAt: new Date(Date.now() + ++readings).toISOString(),
      ...zynd,
    },
    ...fields,
  }
  const head = Buffer.from(HEADS[manner]).toString('base64url')
  const signature = identity.key.signRaw(`${head}.${canonical(card)}`).toString('base64url')
  const signed = { ...card, signatures: [{ protected: head, signature, header: { kid: identity.key.publicText } }] }
  const text = manner === 'python' ? pythonBody(signed) : JSON.stringify(signed)
  return alter === undefined ? text : alter(text)
}

export class AgentServer {
  readonly url: string
  readonly asked: string[] = []
  lastHeaders: IncomingHttpHeaders = {}
  /** What is served by path; anything else is 404. */
  readonly pages = new Map<string, () => string>()
  readonly #stop: () => Promise<void>

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url
    this.#stop = stop
  }

  static async start(): Promise<AgentServer> {
    const server = createServer((request, response) => {
      const path = request.url ?? ''
      agent.asked.push(path)
      agent.lastHeaders = request.headers
      const page = agent.pages.get(path)
      response.writeHead(page === undefined ? 404 : 200, { 'Content-Type': 'application/json' }).end(page?.() ?? '{}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const stop = (): Promise<void> =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    const agent = new AgentServer(`http://127.0.0.1:${port}`, stop)
    return agent
  }

  stop(): Promise<void> {
    return this.#stop()
  }
}

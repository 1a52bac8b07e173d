/** An agent that serves its card over HTTP, and counts who asks. */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { canonicalJson, entityIdOf, formatKey, type JsonObject, type Signer, utf8 } from '@rollcall/protocol'

export interface Agent {
  readonly url: string
  readonly port: number
  /** Paths asked for, in order. */
  readonly asked: string[]
  /** Answers from now on; a text is a card at every path. */
  serve(what: string | RequestListener): void
  stop(): Promise<void>
}

export const startAgent = async (t: TestContext): Promise<Agent> => {
  let listener: RequestListener = (_request, response) => response.writeHead(404).end()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  t.after(stop)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    serve: (what) => {
      listener = typeof what === 'string' ? (_request, response) => response.end(what) : what
    },
    stop,
  }
}

/** A card as Zynd's TypeScript SDK signs it (S13). */
export const signedCard = (signer: Signer, fields: JsonObject = {}): string => {
  const key = formatKey(signer.publicKey)
  const card: JsonObject = {
    protocolVersion: '0.3.0',
    name: 'Stocks',
    capabilities: { streaming: false },
    'x-zynd': { version: '1', entityId: entityIdOf('agent', signer.publicKey), publicKey: key },
    ...fields,
  }
  return JSON.stringify({ ...card, signatures: [signatureOf(signer, canonicalJson(card))] })
}

/** The signature over a canonical text, with the head as Python writes it. */
export const signatureOf = (signer: Signer, canonical: string): JsonObject => {
  const head = Buffer.from('{"alg": "EdDSA", "typ": "agent-card+jcs+jws"}').toString('base64url')
  return {
    protected: head,
    signature: Buffer.from(signer.sign(utf8(`${head}.${canonical}`))).toString('base64url'),
    header: { kid: formatKey(signer.publicKey) },
  }
}

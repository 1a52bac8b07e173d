import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { IdentityProver } from '../identity-proof.ts'
import { answers } from '../views/schemas.ts'

const Time = Type.String({ format: 'date-time' })
export const IdentityProofSchema = Type.Object({
  type: Type.Literal('registry-identity-proof'),
  version: Type.String(),
  domain: Type.String({ description: 'Host of the public URL of this node.' }),
  registry_id: Type.String(),
  ed25519_public_key: Type.String(),
  tls_spki_fingerprint: Type.String({ description: 'sha256: and hexadecimal digits; empty over plain http.' }),
  issued_at: Time,
  expires_at: Time,
  signature: Type.String({ description: 'Over the canonical JSON of all other fields.' }),
})

export const identityProofRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const prover = new IdentityProver(context)
  app.get(
    '/.well-known/zynd-registry.json',
    {
      schema: {
        summary: 'The signed word of this node that its domain and its key belong together',
        tags: ['node'],
        response: answers({ 200: IdentityProofSchema }),
      },
    },
    async () => prover.proof(),
  )
}

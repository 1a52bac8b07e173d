/**
 * `GET /onboard`: how `zynd auth login` gets a developer key from this registry (zynd-wire.md §4.4).
 *
 * A browser gets a page that makes the key itself, so that this node never sees it. Anything else (`curl -L`) is redirected
 * straight to the program that waits, with a key made here, encrypted for it, and forgotten. Being onboarded grants
 * nothing: a developer who proves a key of their own making is taken just as well.
 */
import { Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { makeDeveloperKey, sealKey } from '../onboarding/developer-key.ts'
import { registerDeveloper } from '../onboarding/register-developer.ts'
import { callbackUrl, parseOnboarding } from '../onboarding/request.ts'
import { assetRoute, loadAsset } from '../pages/asset.ts'
import { answers } from '../views/schemas.ts'
import { answer, requestContext } from './answer.ts'

type Onboarding = { Querystring: Record<string, string> }

export const onboardingRoutes = (app: FastifyInstance, context: GatewayContext): void => {
  const page = loadAsset('onboard.html')
  assetRoute(app, '/pages/onboard.js', 'onboard.js')
  app.get<Onboarding>(
    '/onboard',
    {
      // It makes and registers something, which a HEAD must not.
      exposeHeadRoute: false,
      // The state in the address is the secret that the key is encrypted under.
      config: { secretQuery: true, limit: 'write' },
      schema: {
        summary: 'A new developer key, for the program that waits on callback_port of this machine',
        description:
          'A browser gets a page that makes the key. Everyone else is redirected to http://127.0.0.1:{callback_port}/callback with state, developer_id and private_key_enc: base64 of nonce (12 bytes), ciphertext and tag (16), AES-256-GCM under SHA-256(state), over the base64 of the seed.',
        tags: ['developers'],
        querystring: Type.Object({
          callback_port: Type.Integer({ minimum: 1, maximum: 65_535 }),
          state: Type.String({ minLength: 1, maxLength: 512 }),
          name: Type.Optional(Type.String({ description: 'Registers the developer under this name.' })),
          by: Type.Optional(
            Type.Literal('registry', { description: 'Has the registry make the key in a browser too.' }),
          ),
        }),
        response: answers({ 200: Type.String(), 302: Type.Null() }),
      },
    },
    async (request, reply) => {
      if (wantsPage(request)) return page.send(reply)
      const asked = parseOnboarding(request.query)
      if (!asked.ok) return answer(reply, asked, () => undefined)
      const { random, log } = context
      const { name, state } = asked.value
      const key = makeDeveloperKey(random)
      const { developerId } = key
      if (name !== '') {
        const registered = await registerDeveloper(context, { key, name, request: requestContext(request) })
        // The key serves without it: the first entity with a proof of it makes the developer known.
        if (!registered.ok)
          log.info('a developer was not registered', { requestId: request.id, reason: registered.message })
      }
      const sealedKey = sealKey(key.seed, state, random)
      key.seed.fill(0)
      log.info('a developer key was made for a program without a browser', { requestId: request.id, developerId })
      return reply.redirect(callbackUrl(asked.value, { developerId, sealedKey }), 302)
    },
  )
}

const wantsPage = (request: FastifyRequest<Onboarding>): boolean =>
  request.query.by !== 'registry' && (request.headers.accept ?? '').includes('text/html')

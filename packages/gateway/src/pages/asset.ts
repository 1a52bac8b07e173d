/** Pages of this package, read once from its folder `assets`. They load nothing from elsewhere. */
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import type { FastifyInstance, FastifyReply } from 'fastify'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
}

/** Scripts and styles of this node only, no frames, no forms, and no text that becomes a script. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

export interface Asset {
  readonly send: (reply: FastifyReply) => FastifyReply
}

/** @throws Error where the package lacks the file. */
export const loadAsset = (name: string): Asset => {
  const text = readFileSync(new URL(`../../assets/${name}`, import.meta.url), 'utf8')
  const type = TYPES[extname(name)] ?? 'text/plain; charset=utf-8'
  return { send: (reply) => reply.header('content-security-policy', POLICY).type(type).send(text) }
}

/** Serves the asset at this path, undescribed: it belongs to a page. */
export const assetRoute = (app: FastifyInstance, path: string, name: string): void => {
  const asset = loadAsset(name)
  app.get(path, { schema: { hide: true } }, async (_request, reply) => asset.send(reply))
}

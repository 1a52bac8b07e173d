/**
 * Developers' signed acts as they arrive over HTTP: a native body `{payload, signature}`, or one of Zynd's forms, with the
 * signature in the body (zynd-wire S4, S6, S9) or in the Authorization header (S7, S8, S10, S11).
 */
import {
  type Act,
  type ActKind,
  actContent,
  type DeveloperId,
  developerOf,
  fail,
  isSignedRequest,
  type JsonObject,
  ok,
  parseDeveloperId,
  parseJsonObject,
  parseSignature,
  parseSignedRequest,
  type Result,
} from '@rollcall/protocol'
import type { FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'
import { bodyText } from '../http/body.ts'
import { zyndRefused } from './authorization.ts'

/** An act with what it says. */
export interface ReadAct {
  readonly act: Act
  readonly body: JsonObject
}

/** An act whose Zynd form bears its signature in the body. */
export const actInBody = (context: GatewayContext, request: FastifyRequest, kind: ActKind): Result<ReadAct> => {
  const text = bodyText(request)
  if (isSignedRequest(text)) return nativeAct(kind, text)
  const body = parseJsonObject(text)
  if (body === undefined) return fail('malformed', 'the body is not a JSON object')
  if (!context.settings.zyndSignatures) return zyndRefused('this form of signature')
  if (body.signature === undefined || body.signature === '') {
    return fail('unauthenticated', 'the body bears no signature')
  }
  const signature = typeof body.signature === 'string' ? parseSignature(body.signature) : undefined
  if (signature === undefined) return fail('signature_invalid', 'signature is not "ed25519:" and 64 bytes in base64')
  return ok({ act: { kind, form: 'zynd', by: 'developer', text, signature }, body })
}

/** An act whose Zynd form bears its signature in the Authorization header; `text` is what that form keeps of it. */
export const actInHeader = (
  context: GatewayContext,
  request: FastifyRequest,
  zynd: { readonly kind: ActKind; readonly text: string },
): Result<ReadAct> => {
  const body = bodyText(request)
  if (isSignedRequest(body)) return nativeAct(zynd.kind, body)
  const signature = signatureInHeader(context, request)
  if (!signature.ok) return signature
  const act = { kind: zynd.kind, form: 'zynd', by: 'developer', text: zynd.text, signature: signature.value } as const
  return withContent(act)
}

/** The signature of `Authorization: Bearer …`, or `Bearer-Dev …`, which some of Zynd's clients write. */
export const signatureInHeader = (context: GatewayContext, request: FastifyRequest): Result<Uint8Array> => {
  const { authorization } = request.headers
  if (authorization === undefined) {
    return fail('unauthenticated', 'the call is signed neither in its body nor in an Authorization header')
  }
  if (!context.settings.zyndSignatures) return zyndRefused('this form of signature')
  const credential = /^Bearer(?:-Dev)?[ \t]+(\S+)$/i.exec(authorization.trim())?.[1]
  if (credential === undefined)
    return fail('unauthenticated', 'the Authorization header is not "Bearer" and a signature')
  const signature = parseSignature(credential)
  return signature === undefined
    ? fail('signature_invalid', 'the signature is not "ed25519:" and 64 bytes in base64')
    : ok(signature)
}

/** The developer of the path. What is not an id is no developer: clients take a 404 for "not registered". */
export const developerOfPath = (text: string): Result<DeveloperId> => {
  const id = parseDeveloperId(text)
  return id === undefined ? fail('developer_not_found', `${text.slice(0, 80)} is not the id of a developer`) : ok(id)
}

/** The developer that an act names, by its id or by its key. */
export const developerOfBody = (body: JsonObject): Result<DeveloperId> => {
  if (typeof body.developer_id === 'string' && body.developer_id !== '') return developerOfPath(body.developer_id)
  const who = developerOf(body)
  return who.ok ? ok(who.value.id) : who
}

const nativeAct = (kind: ActKind, body: string): Result<ReadAct> => {
  const act = parseSignedRequest(kind, body)
  // Nobody else signs these, so a client need not say who does.
  return act.ok ? withContent({ ...act.value, by: 'developer' }) : act
}

const withContent = (act: Act): Result<ReadAct> => {
  const content = actContent(act)
  return content.ok ? ok({ act, body: content.value.body }) : content
}

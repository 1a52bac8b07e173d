/**
 * Signed acts about a registered entity, as they arrive over HTTP: a native body, or Zynd's signature in the Authorization
 * header (zynd-wire.md S2b, S3).
 *
 * Zynd's clients sign with the entity's key or with the developer's, and name the scheme `Bearer` for both; so a plain
 * `Bearer` signature is tried as the entity's word and then as the developer's.
 */
import {
  type Act,
  type ActSigner,
  fail,
  isSignedRequest,
  ok,
  parseSignature,
  parseSignedRequest,
  type Result,
} from '@rollcall/protocol'
import type { FastifyRequest } from 'fastify'
import type { GatewayContext } from '../context.ts'

export interface SignedCall {
  readonly kind: 'update' | 'deregister'
  /** The body as received. */
  readonly body: string
  /** The Authorization header. */
  readonly authorization: string | undefined
  readonly zyndSignatures: boolean
}

/** The acts that a call may mean, to be tried in this order. Zynd's forms are refused by name while they are off (L10). */
export const actsOfCall = (call: SignedCall): Result<readonly Act[]> => {
  if (isSignedRequest(call.body)) {
    const act = parseSignedRequest(call.kind, call.body)
    return act.ok ? ok([act.value]) : act
  }
  if (call.authorization === undefined) {
    return fail('unauthenticated', 'the call is signed neither in its body nor in an Authorization header')
  }
  if (!call.zyndSignatures) return zyndRefused('this form of signature')
  const [, scheme = '', credential = ''] = /^(\S+)[ \t]+(\S+)$/.exec(call.authorization.trim()) ?? []
  const signers = SIGNERS[`${call.kind} ${scheme.toLowerCase()}`]
  if (signers === undefined) return fail('unauthenticated', 'the Authorization header is not "Bearer" and a signature')
  const signature = parseSignature(credential)
  if (signature === undefined)
    return fail('signature_invalid', 'the signature is not "ed25519:" and 64 bytes in base64')
  const text = call.kind === 'update' ? call.body : ''
  return ok(signers.map((by) => ({ kind: call.kind, form: 'zynd', by, text, signature })))
}

const SIGNERS: Readonly<Record<string, readonly ActSigner[]>> = {
  'update bearer': ['entity', 'developer'],
  'update bearer-dev': ['developer'],
  'deregister bearer': ['entity', 'developer'],
  'deregister bearer-dev': ['entity', 'developer'],
}

/** Tries each act until one is not refused for its signature. Where none is accepted, the first refusal is the answer. */
export const tryActs = async <T>(
  acts: readonly Act[],
  attempt: (act: Act) => Promise<Result<T>>,
): Promise<Result<T>> => {
  let first: Result<T> | undefined
  for (const act of acts) {
    const result = await attempt(act)
    if (first === undefined) first = result
    if (result.ok) return result
    // A record without a developer refuses the developer's word as forbidden; that says nothing the first did not.
    const isRefused = result.code === 'signature_invalid' || (result.code === 'forbidden' && first !== result)
    if (!isRefused) return result
  }
  return first ?? fail('unauthenticated', 'the call bears no signature')
}

/** The refusal of what can be replayed, naming the setting that refuses it. */
export const zyndRefused = (what: string) =>
  fail('forbidden', `${what} can be replayed, and security.zynd_signatures = false turns it off here`, {
    setting: 'security.zynd_signatures',
  })

/** Whether the caller is an admin of this node, by the token that the request bears. */
export const adminOnly = (context: GatewayContext, request: FastifyRequest): Result<undefined> => {
  const token = bearerToken(request)
  if (token === undefined) return fail('unauthenticated', 'this needs an admin token, as Authorization: Bearer')
  return context.adminAllowed(token)
    ? ok(undefined)
    : fail('forbidden', 'the token is not one of an admin of this node')
}

/** The token of `Authorization: Bearer …`, for what only an operator may do. */
export const bearerToken = (request: FastifyRequest): string | undefined =>
  /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]

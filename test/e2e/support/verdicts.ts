/** Statuses and error codes of many calls at once, compared by name; and a signature only a lax verifier takes. */
import assert from 'node:assert/strict'
import { formatSignature, type JsonObject } from '@rollcall/protocol'
import type { Reply } from './zynd-agent.ts'

export const verdict = ({ status, body }: Reply): string => `${status} ${String(body.error)}`

/** Awaits each call and compares its status and code with its name. */
export const expectVerdicts = async (
  calls: Readonly<Record<string, readonly [string, Promise<Reply>]>>,
): Promise<void> => {
  const names = Object.keys(calls)
  const answered = await Promise.all(Object.values(calls).map(async ([, reply]) => verdict(await reply)))
  assert.deepEqual(
    Object.fromEntries(names.map((name, at) => [name, answered[at]])),
    Object.fromEntries(Object.entries(calls).map(([name, [expected]]) => [name, expected])),
  )
}

/** The same signature with the order of the group added to its scalar: equal to a lax verifier (RFC 8032, 5.1.7). */
export const highS = ({ signature }: JsonObject): string => {
  const bytes = Buffer.from(String(signature).slice('ed25519:'.length), 'base64')
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  let scalar = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + order
  for (let at = 32; at < 64; at++, scalar >>= 8n) bytes[at] = Number(scalar & 0xffn)
  return formatSignature(bytes)
}

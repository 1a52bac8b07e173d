/** The ceiling: signatures verified by node:crypto on its thread pool, and nothing else. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { base16, nativeBeatBytes, nodeIdOf } from '@rollcall/protocol'
import { agentsCalled } from '../../e2e/support/crowd.ts'
import { entityIdOf } from '../../e2e/support/native-agent.ts'
import { answer } from './other-process.ts'

export interface VerifyInput {
  readonly signatures: number
}

export interface VerifyOutput {
  readonly perSecond: number
  /** Processor time of one, all threads, microseconds. */
  readonly cpuMicros: number
}

const KEYS = 200
const UNDER_WAY = 64

interface Signed {
  readonly key: KeyObject
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

/** One beat of each key; verified again and again, which costs the same every time. */
const signedBeats = (): Signed[] =>
  agentsCalled('ceiling', KEYS).map((agent) => {
    const { publicKey } = agent.signer
    const x = Buffer.from(publicKey).toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    const node = nodeIdOf(publicKey)
    const beat = { entityId: entityIdOf(agent), node, nonce: base16(publicKey.subarray(16)), timeMs: 1_767_225_600_000 }
    const message = nativeBeatBytes({ ...beat, status: 'active' })
    return { key, message, signature: agent.signer.sign(message) }
  })

const verifyAll = (signed: readonly Signed[], count: number): Promise<void> =>
  new Promise((resolve, reject) => {
    let [begun, done] = [0, 0]
    const next = (): void => {
      const one = signed[begun++ % signed.length]
      if (one === undefined || begun > count) return
      verify(null, one.message, one.key, one.signature, (error, holds) => {
        if (error !== null || !holds) reject(error ?? new Error('a good signature was refused'))
        else if (++done === count) resolve()
        else next()
      })
    }
    for (let i = 0; i < UNDER_WAY; i++) next()
  })

answer(async ({ signatures }: VerifyInput): Promise<VerifyOutput> => {
  const signed = signedBeats()
  await verifyAll(signed, Math.min(1_000, signatures))
  const [startedMs, usedBefore] = [performance.now(), process.cpuUsage()]
  await verifyAll(signed, signatures)
  const perSecond = (signatures * 1_000) / (performance.now() - startedMs)
  const { user, system } = process.cpuUsage(usedBefore)
  return { perSecond, cpuMicros: (user + system) / signatures }
})

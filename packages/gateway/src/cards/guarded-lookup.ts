/**
 * Name resolution that yields only addresses a fetch may go to. The socket connects to what this answers and asks nobody
 * again, so a name that resolves differently a moment later (DNS rebinding) gains nothing.
 *
 * The system's resolver blocks one of the few threads that also verify signatures and write to disk, for as long as a
 * stranger's name server likes: few questions are open at once, and the others wait.
 */
import { promises as dns, type LookupAddress } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { Slots } from './slots.ts'

const QUESTIONS_AT_ONCE = 2
const QUESTIONS_WAITING_MAX = 64

export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>

/** Why a connection was not made: every address of the name is private. */
export class PrivateAddressError extends Error {
  constructor(host: string) {
    super(`${host} has no public address`)
    this.name = 'PrivateAddressError'
  }
}

const questions = new Slots(QUESTIONS_AT_ONCE, QUESTIONS_WAITING_MAX)

export const systemResolve: Resolve = async (hostname) => {
  const answer = await questions.run(() => dns.lookup(hostname, { all: true }))
  if (answer === undefined) throw new Error('too many names wait to be resolved')
  return answer
}

/** A lookup for `net.connect` that hides the addresses that may not be connected to. */
export const guardedLookup =
  (resolve: Resolve, mayReach: (address: string) => boolean): LookupFunction =>
  (hostname, options, callback) => {
    const answered = (found: readonly LookupAddress[]): void => {
      const allowed = found.filter(({ address }) => mayReach(address))
      const [first] = allowed
      if (first === undefined) callback(new PrivateAddressError(hostname), '', 0)
      else if (options.all === true) callback(null, [...allowed])
      else callback(null, first.address, first.family)
    }
    resolve(hostname).then(answered, (error: Error) => callback(error, '', 0))
  }

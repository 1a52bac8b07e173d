/**
 * What `rollcall run` runs: enrol, beat, and end in order.
 *
 *   enrolling ──► beating ──► ended by a signal (0), by the wrapped command (its code), or by a node for good (3, 4)
 *
 * However it ends, the entity says goodbye if it was beating, and the wrapped command is not left behind.
 */
import type { HeartbeatSession, StopReason } from '@rollcall/client'
import { EXIT } from '../failure.ts'
import { onStopSignal } from '../signals.ts'
import type { Child } from './child.ts'
import { type Enrolment, enrol } from './enrol.ts'

export interface AgentInit {
  readonly enrolment: Omit<Enrolment, 'signal'>
  /** Makes the session; called once the entity is registered. */
  readonly makeSession: () => HeartbeatSession
  readonly child: Child | undefined
  readonly say: (line: string) => void
  readonly complain: (line: string) => void
}

type End = { readonly exit: number } | { readonly reason: StopReason }

export class Agent {
  readonly #init: AgentInit
  readonly #stop = new AbortController()
  #session: HeartbeatSession | undefined
  #isEnrolling = false

  constructor(init: AgentInit) {
    this.#init = init
  }

  /** Resolves with the exit code. @throws what `enrol` throws. */
  async run(): Promise<number> {
    const { child, complain } = this.#init
    const release = onStopSignal((signal) => (child === undefined ? this.#stop.abort() : child.forward(signal)))
    try {
      const end = await Promise.race([this.#beat(), this.#asked(), ...(child === undefined ? [] : [exitOf(child)])])
      if ('exit' in end) return end.exit
      const { code, message, closeCode } = end.reason
      complain(`rollcall: ${code}: ${message} (close code ${closeCode})`)
      return code === 'deregistered' ? EXIT.notFound : EXIT.refused
    } finally {
      this.#stop.abort()
      await this.#session?.stop({ goodbye: true })
      await child?.stop()
      release()
    }
  }

  #asked(): Promise<End> {
    return new Promise((resolve) => {
      this.#stop.signal.addEventListener('abort', () => resolve({ exit: EXIT.ok }))
    })
  }

  /** Settles where the entity cannot be enrolled, or the session is over for good; else never. */
  async #beat(): Promise<End> {
    const { enrolment, makeSession, say } = this.#init
    const enrolled = await enrol({ ...enrolment, signal: this.#stop.signal })
    if (enrolled === undefined) return new Promise<End>(() => undefined)
    if (enrolled !== 'unchanged') say(`${enrolled} ${enrolment.fields.name ?? ''} as ${enrolment.id}`)
    const session = makeSession()
    this.#session = session
    return new Promise<End>((resolve, reject) => {
      session.on('error', ({ code }) => {
        if (code === 'entity_not_found') this.#enrolAgain().catch(reject)
      })
      void session.stopped.then((reason) => {
        if (reason !== undefined) resolve({ reason })
      })
      session.start()
    })
  }

  /** A registry that lost the record (a new disk, another cluster) is given it again. */
  async #enrolAgain(): Promise<void> {
    const { enrolment, say } = this.#init
    if (this.#isEnrolling || enrolment.fields.name === undefined) return
    this.#isEnrolling = true
    try {
      const enrolled = await enrol({ ...enrolment, signal: this.#stop.signal })
      if (enrolled === 'registered') say(`registered ${enrolment.fields.name} as ${enrolment.id} again`)
    } finally {
      this.#isEnrolling = false
    }
  }
}

const exitOf = async (child: Child): Promise<End> => ({ exit: await child.ended })

import { HeartbeatSession, type RollcallError, type StopReason } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { nativeSigner } from '@rollcall/identity/node'
import { entityIdOf } from '@rollcall/protocol'
import type { Command } from 'commander'
import { type Child, startChild } from '../agent/child.ts'
import { type Enrolment, enrol } from '../agent/enrol.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../failure.ts'
import { proofFor } from '../identity.ts'
import { type ProfileOptions, profileFields, withProfileOptions } from '../options.ts'
import { onStopSignal } from '../signals.ts'
import { VERSION } from '../version.ts'

/**
 * `rollcall run`: registers the entity if needed and beats for it until stopped. With a command it beats while that runs,
 * and ends with its code; signals go to the command first.
 */
export const run = (command: Command) => {
  withProfileOptions(
    command
      .description('register if needed, and send heartbeats until stopped')
      .argument('[command...]', 'after --: a command to run meanwhile'),
  )
  return async (context: Context, words: readonly string[], options: ProfileOptions): Promise<number> => {
    const pair = await context.key()
    const developerProof = await proofFor(context, pair, options)
    const signer = nativeSigner(pair.seed)
    const type = options.type ?? 'agent'
    // What the wrapped command prints is its own; our lines then go beside it.
    const say = (line: string): void => (words.length === 0 && !context.quiet ? context.line(line) : context.note(line))
    const stop = new AbortController()
    const enrolment: Enrolment = {
      client: context.client(signer),
      id: entityIdOf(type, pair.publicKey),
      fields: profileFields(options),
      options: { type, ...(developerProof === undefined ? {} : { developerProof }) },
      signal: stop.signal,
      onRetry: (error, retryInMs) => context.complain(retryLine(error, retryInMs)),
    }
    const session = new HeartbeatSession({
      registries: context.registries.urls,
      entities: [{ signer, type }],
      WebSocket: nodeWebSocket,
      client: `rollcall-cli/${VERSION}`,
      log: context.json ? () => undefined : say,
    })
    if (context.json) tellAsJson(session, (line) => context.line(line))
    const child = words.length === 0 ? undefined : await startChild(words)
    return new Agent({ enrolment, session, child, stop, context, say }).run()
  }
}

interface AgentInit {
  readonly enrolment: Enrolment
  readonly session: HeartbeatSession
  readonly child: Child | undefined
  readonly stop: AbortController
  readonly context: Context
  readonly say: (line: string) => void
}

/** What ends a run: the signal, the child, or the session by a final close code. */
type End = { readonly exit: number } | { readonly reason: StopReason }

class Agent {
  readonly #init: AgentInit
  #enrolling = false

  constructor(init: AgentInit) {
    this.#init = init
  }

  async run(): Promise<number> {
    const { session, child, stop } = this.#init
    const signalled = new Promise<End>((resolve) =>
      stop.signal.addEventListener('abort', () => resolve({ exit: EXIT.ok })),
    )
    const release = onStopSignal((signal) => (child === undefined ? stop.abort() : child.forward(signal)))
    const ends: Promise<End>[] = [signalled]
    if (child !== undefined) ends.push(child.ended.then((exit) => ({ exit })))
    try {
      const end = await Promise.race([this.#beat(), ...ends])
      stop.abort()
      await session.stop({ goodbye: true })
      if (!('reason' in end)) return end.exit
      await child?.stop()
      this.#init.context.complain(
        `rollcall: ${end.reason.code}: ${end.reason.message} (close code ${end.reason.closeCode})`,
      )
      return end.reason.code === 'deregistered' ? EXIT.notFound : EXIT.refused
    } catch (error) {
      stop.abort()
      await session.stop({ goodbye: true })
      await child?.stop()
      throw error
    } finally {
      release()
    }
  }

  /** Enrols, then beats; resolves only where the session is over for good. */
  async #beat(): Promise<End> {
    const { session, enrolment, say } = this.#init
    const enrolled = await enrol(enrolment)
    if (enrolled === undefined) return new Promise<End>(() => undefined)
    if (enrolled !== 'unchanged') say(`${enrolled} ${enrolment.fields.name ?? ''} as ${enrolment.id}`)
    return new Promise<End>((resolve, reject) => {
      // A registry that lost the record (a new disk, another cluster) is given it again.
      session.on('error', ({ code }) => {
        if (code === 'entity_not_found') this.#enrolAgain().catch(reject)
      })
      void session.stopped.then((reason) => {
        if (reason !== undefined) resolve({ reason })
      })
      session.start()
    })
  }

  async #enrolAgain(): Promise<void> {
    const { enrolment, say } = this.#init
    if (this.#enrolling || enrolment.fields.name === undefined) return
    this.#enrolling = true
    try {
      if ((await enrol(enrolment)) === 'registered') say(`registered ${enrolment.id} again`)
    } finally {
      this.#enrolling = false
    }
  }
}

const tellAsJson = (session: HeartbeatSession, line: (text: string) => void): void => {
  for (const kind of ['connected', 'acked', 'error', 'moved', 'closed', 'stopped'] as const) {
    session.on(kind, (event) => line(JSON.stringify(event)))
  }
}

const retryLine = (error: RollcallError, retryInMs: number): string =>
  `not registered yet: ${error.message}; next try in ${(retryInMs / 1000).toFixed(1)} s`

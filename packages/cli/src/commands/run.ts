import { HeartbeatSession, type RollcallError } from '@rollcall/client'
import { nodeWebSocket } from '@rollcall/client/node'
import { nativeSigner } from '@rollcall/identity/node'
import { entityIdOf } from '@rollcall/protocol'
import type { Command } from 'commander'
import { Agent } from '../agent/agent.ts'
import { startChild } from '../agent/child.ts'
import type { Context } from '../context.ts'
import { proofFor } from '../identity.ts'
import { type ProfileOptions, profileFields, withProfileOptions } from '../options.ts'
import { VERSION } from '../version.ts'

/**
 * `rollcall run`: registers the entity if needed and beats for it until stopped. With a command it beats while that runs,
 * and ends with its code; signals go to the command.
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
    const client = context.client(signer)
    const fields = profileFields(options)
    const log = logOf(context, words.length > 0)
    const makeSession = (): HeartbeatSession => {
      const session = new HeartbeatSession({
        // First the node that has just answered: it knows the entity, and the others may not have heard of it yet.
        registries: [client.registry, ...context.registries.urls],
        entities: [{ signer, type }],
        client: `rollcall-cli/${VERSION}`,
        WebSocket: nodeWebSocket,
        log,
      })
      if (context.json) tellAsJson(session, (line) => context.line(line))
      return session
    }
    return new Agent({
      enrolment: {
        client,
        id: entityIdOf(type, pair.publicKey),
        fields,
        options: { type, ...(developerProof === undefined ? {} : { developerProof }) },
        onRetry: (error, retryInMs) => context.complain(retryLine(error, retryInMs)),
      },
      makeSession,
      child: words.length === 0 ? undefined : await startChild(words),
      say: log,
      complain: (line) => context.complain(line),
    }).run()
  }
}

/** Where lines for people go: standard output, unless that belongs to a wrapped command or to JSON. */
const logOf = (context: Context, hasChild: boolean): ((line: string) => void) =>
  hasChild || context.json || context.quiet ? (line) => context.note(line) : (line) => context.line(line)

const tellAsJson = (session: HeartbeatSession, line: (text: string) => void): void => {
  for (const kind of ['connected', 'acked', 'error', 'moved', 'closed', 'stopped'] as const) {
    session.on(kind, (event) => line(JSON.stringify(event)))
  }
}

const retryLine = (error: RollcallError, retryInMs: number): string =>
  `not registered yet: ${error.message}; next try in ${(retryInMs / 1000).toFixed(1)} s`

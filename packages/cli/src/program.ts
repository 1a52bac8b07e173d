/** The table of commands. What each does is in the file of its name. */
import { Command } from 'commander'
import { auditVerify } from './commands/audit-verify.ts'
import { backup } from './commands/backup.ts'
import { completion } from './commands/completion.ts'
import { deregister } from './commands/deregister.ts'
import { developerRegister } from './commands/developer-register.ts'
import { developerShow } from './commands/developer-show.ts'
import { doctor } from './commands/doctor.ts'
import { handleClaim } from './commands/handle-claim.ts'
import { handleRelease } from './commands/handle-release.ts'
import { info } from './commands/info.ts'
import { keysDerive } from './commands/keys-derive.ts'
import { keysNew } from './commands/keys-new.ts'
import { keysShow } from './commands/keys-show.ts'
import { nameBind } from './commands/name-bind.ts'
import { nameRelease } from './commands/name-release.ts'
import { nodeCheck } from './commands/node-check.ts'
import { nodeConfigShow } from './commands/node-config-show.ts'
import { nodeDrain } from './commands/node-drain.ts'
import { nodePeers } from './commands/node-peers.ts'
import { nodeStart } from './commands/node-start.ts'
import { nodeStatus } from './commands/node-status.ts'
import { register } from './commands/register.ts'
import { resolve } from './commands/resolve.ts'
import { restore } from './commands/restore.ts'
import { run } from './commands/run.ts'
import { search } from './commands/search.ts'
import { tokenList } from './commands/token-list.ts'
import { tokenMint } from './commands/token-mint.ts'
import { tokenRevoke } from './commands/token-revoke.ts'
import { update } from './commands/update.ts'
import { watch } from './commands/watch.ts'
import { whoami } from './commands/whoami.ts'
import type { CommonOptions, Context } from './context.ts'
import { collect } from './options.ts'
import { VERSION } from './version.ts'

/**
 * A verb: declares its arguments on `command`, and answers with what to do. The action's last two arguments are the
 * options and the command itself, as commander passes them.
 */
export type Verb = (command: Command) => (context: Context, ...args: never[]) => Promise<number | undefined>

const GROUPS: Readonly<Record<string, { readonly about: string; readonly verbs: Readonly<Record<string, Verb>> }>> = {
  node: {
    about: 'run a node of the registry, and look after one',
    verbs: {
      start: nodeStart,
      status: nodeStatus,
      peers: nodePeers,
      drain: nodeDrain,
      check: nodeCheck,
      'config show': nodeConfigShow,
    },
  },
  token: { about: 'admin tokens of a node', verbs: { mint: tokenMint, list: tokenList, revoke: tokenRevoke } },
  developer: { about: 'the developer of the key in use', verbs: { register: developerRegister, show: developerShow } },
  handle: { about: 'the short name of a developer', verbs: { claim: handleClaim, release: handleRelease } },
  name: { about: 'full names of entities under a handle', verbs: { bind: nameBind, release: nameRelease } },
  audit: { about: 'look into what a node did', verbs: { verify: auditVerify } },
  keys: { about: 'make and show keys', verbs: { new: keysNew, show: keysShow, derive: keysDerive } },
}

const VERBS: Readonly<Record<string, Verb>> = {
  whoami,
  register,
  update,
  deregister,
  run,
  search,
  info,
  watch,
  resolve,
  doctor,
  backup,
  restore,
  completion,
}

export const makeProgram = (
  contextOf: (options: CommonOptions) => Context,
  exitWith: (code: number) => void,
): Command => {
  const program = new Command('rollcall')
    .description('A distributed registry for AI agents and services.')
    .version(VERSION, '-V, --version', 'print the version')
    .option('--registry <url>', 'address of a registry; repeated, the others are fallbacks', collect)
    .option('--key <file>', 'key file (default: $ROLLCALL_KEY, else ~/.rollcall/key.json)')
    .option('--json', 'print JSON')
    .option('-q, --quiet', 'print only what a script needs')
    .helpOption('-h, --help', 'print help')
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()

  const add = (parent: Command, name: string, verb: Verb): void => {
    const command = inherit(parent.command(name), parent)
    const action = verb(command)
    command.action(async (...args: unknown[]) => {
      const context = contextOf(program.opts<CommonOptions>())
      exitWith((await action(context, ...(args as never[]))) ?? 0)
    })
  }
  for (const [name, { about, verbs }] of Object.entries(GROUPS)) {
    const group = inherit(program.command(name).description(about), program)
    for (const [path, verb] of Object.entries(verbs)) {
      const [last = '', ...before] = path.split(' ').reverse()
      const parent = before.reverse().reduce((at, word) => inherit(at.command(word), at), group)
      add(parent, last, verb)
    }
  }
  for (const [name, verb] of Object.entries(VERBS)) add(program, name, verb)
  return program
}

/** Errors of a subcommand are thrown like those of the program, and point to its own help. */
const inherit = (command: Command, parent: Command): Command =>
  command.copyInheritedSettings(parent).showHelpAfterError('(--help shows how it is called)')

/** Completion scripts know every verb and option, and bash completes with its own. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { allCommands } from '../src/describe.ts'
import { describeProgram } from '../src/index.ts'
import { atDesk } from './command.ts'

const hasShell = (shell: string): boolean => spawnSync(shell, ['--version']).error === undefined

/** How a shell is told to read a script and do nothing. */
const CHECK = { bash: ['-n'], zsh: ['-n'], fish: ['--no-execute'] } as const

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  test(`the script for ${shell} names every verb and option, and can be read`, () =>
    atDesk(async (desk) => {
      const { code, stdout, stderr } = await desk.run(['completion', shell])
      assert.equal(code, 0, stderr)
      for (const { path, options } of allCommands(describeProgram())) {
        const verb = path.at(-1)
        if (verb !== undefined) assert.match(stdout, new RegExp(`\\b${verb}\\b`))
        for (const name of options.flatMap(({ names }) => names)) {
          const word = shell === 'fish' ? name.replace(/^--?/, '') : name
          assert.ok(stdout.includes(word), `${path.join(' ')} ${name}`)
        }
      }
      if (!hasShell(shell)) return
      const script = desk.path('script')
      writeFileSync(script, stdout)
      const checked = spawnSync(shell, [...CHECK[shell], script], { encoding: 'utf8' })
      assert.equal(checked.status, 0, checked.stderr)
    }))
}

test('bash completes verbs, verbs of verbs, options and their values', (t) => {
  if (!hasShell('bash')) return t.diagnostic('there is no bash here')
  return atDesk(async (desk) => {
    const script = desk.path('script')
    writeFileSync(script, (await desk.run(['completion', 'bash'])).stdout)
    const complete = (...words: readonly string[]): string[] => {
      const code = `source "$0"; COMP_WORDS=(rollcall "$@"); COMP_CWORD=$#; _rollcall; printf '%s\\n' "\${COMPREPLY[@]}"`
      const { stdout, stderr } = spawnSync('bash', ['-c', code, script, ...words], { encoding: 'utf8' })
      assert.equal(stderr, '')
      return stdout.split('\n').filter((word) => word !== '')
    }
    assert.deepEqual(complete('wh'), ['whoami'])
    assert.deepEqual(complete('node', 'st').sort(), ['start', 'status'])
    assert.deepEqual(complete('node', 'config', 's'), ['show'])
    assert.deepEqual(complete('search', '--st'), ['--status'])
    assert.deepEqual(complete('search', '--status', ''), ['online', 'offline', 'any'])
    assert.deepEqual(complete('info', '--jso'), ['--json'])
    assert.deepEqual(complete('run', '--', 'no'), [])
  })
})

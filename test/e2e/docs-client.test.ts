/** The programs of docs/client.md, each run as it stands against real nodes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Cluster } from './support/node-process.ts'
import { within } from './support/wait.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const page = await readFile(join(root, 'docs/client.md'), 'utf8')
const programs = [...page.matchAll(/^## (?<title>.+)$|^```ts\n(?<code>[\s\S]*?)^```$/gm)]

let cluster: Cluster
let folder: string

before(async () => {
  cluster = await Cluster.start(2)
  // Inside the checkout, so that the packages are found as a program of this repository finds them.
  await mkdir(join(root, '.data'), { recursive: true })
  folder = await mkdtemp(join(root, '.data/docs-'))
})

after(async () => {
  await cluster.stop()
  await rm(folder, { recursive: true, force: true })
})

const run = async (code: string): Promise<{ readonly exit: number | null; readonly output: string }> => {
  const file = join(folder, 'program.ts')
  const addressed = code
    .replaceAll('http://127.0.0.1:8081', cluster.node(0).url)
    .replaceAll('http://127.0.0.1:8082', cluster.node(1).url)
  await writeFile(file, addressed)
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@rollcall/source', file], { cwd: root })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)))
  try {
    await within(30_000, 'the end of the program', once(child, 'close'))
  } finally {
    child.kill('SIGKILL')
  }
  return { exit: child.exitCode, output }
}

let title = ''
for (const { groups } of programs) {
  title = groups?.title ?? title
  const code = groups?.code
  if (code === undefined) continue
  test(`docs/client.md, ${title}`, async () => {
    const { exit, output } = await run(code)
    assert.equal(exit, 0, output)
    assert.notEqual(output, '', 'the program shows something')
  })
}

test('docs/client.md holds programs', () => {
  assert.ok(programs.filter(({ groups }) => groups?.code !== undefined).length >= 7)
})

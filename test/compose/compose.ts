/** docker-compose.yml under a project, an image name and ports of its own. */

import { type SpawnOptions, spawn, spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import { repoRoot } from '../../scripts/repo.ts'

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/'
const OUTPUT_LINES = 60

export class Compose {
  readonly #command: readonly string[]
  readonly #environment: NodeJS.ProcessEnv
  readonly #ports: ReadonlyMap<string, number>

  private constructor(init: {
    command: readonly string[]
    environment: NodeJS.ProcessEnv
    ports: ReadonlyMap<string, number>
  }) {
    this.#command = init.command
    this.#environment = init.environment
    this.#ports = init.ports
  }

  static async create(nodes: readonly string[]): Promise<Compose> {
    const ports = new Map<string, number>()
    for (const node of nodes) ports.set(node, await freePort())
    const portVariables = [...ports].map(([node, port]) => [
      `ROLLCALL_PORT_${node.slice(-1).toUpperCase()}`,
      String(port),
    ])
    const environment = {
      ...process.env,
      ...npmRegistry(),
      ...Object.fromEntries(portVariables),
      ROLLCALL_IMAGE: 'rollcall:compose-test',
      COMPOSE_PROJECT_NAME: `rollcall-test-${process.pid}`,
    }
    return new Compose({ command: composeCommand(), environment, ports })
  }

  engineAnswers(): boolean {
    return spawnSync('docker', ['info'], { env: this.#environment, stdio: 'ignore' }).status === 0
  }

  /** Where the API of a node answers on this machine. */
  url(node: string): string {
    return `http://127.0.0.1:${this.#ports.get(node)}`
  }

  /** Runs a verb of compose to its end; its output is shown only if it fails. */
  async run(args: readonly string[], timeoutMs: number): Promise<void> {
    const [program = '', ...first] = this.#command
    await output(program, [...first, ...args], { cwd: repoRoot, env: this.#environment, timeout: timeoutMs })
  }

  /** What `docker inspect` says of the container of a service, by a Go template. */
  async inspect(service: string, template: string): Promise<string> {
    const [program = '', ...first] = this.#command
    const options = { cwd: repoRoot, env: this.#environment }
    // `ps -q` leaves out stopped containers in some versions; `-a` is known to all of them.
    const id = await output(program, [...first, 'ps', '-a', '-q', service], options)
    return (await output('docker', ['inspect', '-f', template, id.trim()], options)).trim()
  }

  /** Prints the last lines of every container. */
  async showLogs(): Promise<void> {
    const [program = '', ...first] = this.#command
    const options = { cwd: repoRoot, env: this.#environment }
    console.log(await output(program, [...first, 'logs', '--no-color', '--tail', String(OUTPUT_LINES)], options))
  }
}

/** `docker compose` where the engine has it, else `docker-compose`. */
function composeCommand(): readonly string[] {
  if (spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0) return ['docker', 'compose']
  if (spawnSync('docker-compose', ['version'], { stdio: 'ignore' }).status === 0) return ['docker-compose']
  throw new Error('neither `docker compose` nor `docker-compose` can be run here')
}

/** The registry that npm is told to use on this machine, for the npm in the build; nothing where it is the usual one. */
function npmRegistry(): NodeJS.ProcessEnv {
  const { stdout } = spawnSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' })
  const registry = stdout?.trim() ?? ''
  return registry === '' || registry === DEFAULT_REGISTRY ? {} : { NPM_CONFIG_REGISTRY: registry }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Standard output of a program. Rejects with the end of all it wrote if it fails. */
function output(program: string, args: readonly string[], options: SpawnOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let all = ''
    child.stdout?.on('data', (text: Buffer) => {
      out += text
      all += text
    })
    child.stderr?.on('data', (text: Buffer) => {
      all += text
    })
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(out)
      const end = all.trimEnd().split('\n').slice(-OUTPUT_LINES).join('\n')
      reject(new Error(`${program} ${args.join(' ')} ended with ${signal ?? `code ${code}`}:\n${end}`))
    })
  })
}

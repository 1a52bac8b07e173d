/** docker-compose.yml under a project, an image name and ports of its own. */

import { spawnSync } from 'node:child_process'
import { repoRoot } from '../../scripts/repo.ts'
import { freePort } from '../e2e/support/free-port.ts'
import { output } from './programs.ts'

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/'
const IMAGE = 'rollcall:compose-test'
const LOG_LINES = 60
const DOCKER_MS = 60_000

interface ComposeInit {
  readonly command: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly project: string
  readonly ports: ReadonlyMap<string, number>
  readonly files: readonly string[]
}

export class Compose {
  readonly #init: ComposeInit

  private constructor(init: ComposeInit) {
    this.#init = init
  }

  static async create(nodes: readonly string[]): Promise<Compose> {
    const ports = new Map<string, number>()
    for (const node of nodes) ports.set(node, await freePort())
    const portVariables = [...ports].map(([node, port]) => [
      `ROLLCALL_PORT_${node.slice(-1).toUpperCase()}`,
      String(port),
    ])
    const project = `rollcall-test-${process.pid}`
    const environment = {
      ...process.env,
      ...npmRegistry(),
      ...Object.fromEntries(portVariables),
      ROLLCALL_IMAGE: IMAGE,
      COMPOSE_PROJECT_NAME: project,
    }
    return new Compose({ command: composeCommand(), environment, project, ports, files: ['docker-compose.yml'] })
  }

  /** The same containers, described by one more file and with more variables for it. Takes effect with the next `up`. */
  with(file: string, variables: Readonly<Record<string, string>> = {}): Compose {
    const { files, environment } = this.#init
    return new Compose({ ...this.#init, files: [...files, file], environment: { ...environment, ...variables } })
  }

  engineAnswers(): boolean {
    return spawnSync('docker', ['info'], { env: this.#init.environment, stdio: 'ignore' }).status === 0
  }

  /** Where the API of a node answers on this machine. */
  url(node: string): string {
    return `http://127.0.0.1:${this.#init.ports.get(node)}`
  }

  /** Runs a verb of compose to its end; its output is shown only if it fails. */
  async run(args: readonly string[], timeoutMs: number): Promise<void> {
    await this.#compose(args, timeoutMs)
  }

  /** Runs a verb of docker to its end. Resolves with its standard output. */
  docker(args: readonly string[], timeoutMs = DOCKER_MS): Promise<string> {
    return output('docker', args, { cwd: repoRoot, env: this.#init.environment, timeout: timeoutMs })
  }

  /** What `docker inspect` says of the container of a service, by a Go template. */
  async inspect(service: string, template: string): Promise<string> {
    return (await this.docker(['inspect', '-f', template, await this.container(service)])).trim()
  }

  /** The id of the container of a service. */
  async container(service: string): Promise<string> {
    // `ps -q` leaves out stopped containers in some versions; `-a` is known to all of them.
    return (await this.#compose(['ps', '-a', '-q', service], DOCKER_MS)).trim()
  }

  /** Takes a service off the network on which the nodes meet. */
  async disconnect(service: string): Promise<void> {
    await this.docker(['network', 'disconnect', `${this.#init.project}_default`, await this.container(service)])
  }

  /** Puts it back, under the name that compose gave it there. */
  async connect(service: string): Promise<void> {
    const network = `${this.#init.project}_default`
    await this.docker(['network', 'connect', '--alias', service, network, await this.container(service)])
  }

  /** Runs a line of shell in a container of the image that has these volumes of the project, by the folder they are at. */
  async onVolumes(volumes: Readonly<Record<string, string>>, line: string): Promise<void> {
    const mounts = Object.entries(volumes).flatMap(([at, volume]) => ['-v', `${this.#init.project}_${volume}:${at}`])
    await this.docker(['run', '--rm', '--user', 'root', '--entrypoint', 'sh', ...mounts, IMAGE, '-c', line])
  }

  /** Removes containers, networks and volumes of the project, also volumes that no compose file names. */
  async remove(timeoutMs: number): Promise<void> {
    await this.#compose(['down', '-v', '--remove-orphans'], timeoutMs)
    const volumes = await this.docker(['volume', 'ls', '-q', '-f', `name=${this.#init.project}_`])
    for (const volume of volumes.split('\n').filter(Boolean)) await this.docker(['volume', 'rm', '-f', volume])
  }

  /** Prints the last lines of every container. */
  async showLogs(): Promise<void> {
    console.log(await this.#compose(['logs', '--no-color', '--tail', String(LOG_LINES)], DOCKER_MS))
  }

  #compose(args: readonly string[], timeoutMs: number): Promise<string> {
    const { command, environment, files } = this.#init
    const [program = '', ...first] = command
    const named = files.flatMap((file) => ['-f', file])
    return output(program, [...first, ...named, ...args], { cwd: repoRoot, env: environment, timeout: timeoutMs })
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

/** docker-compose.yml under a project, an image name and ports of its own. */

import { spawnSync } from 'node:child_process'
import { repoRoot } from '../../scripts/repo.ts'
import { freePort } from '../e2e/support/free-port.ts'
import { output } from './programs.ts'

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/'
const IMAGE = 'rollcall:compose-test'
/** How compose marks what belongs to a project. */
const PROJECT_LABEL = 'com.docker.compose.project'
const LOG_LINES = 60
const DOCKER_MS = 60_000

interface ComposeInit {
  readonly command: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly project: string
  readonly ports: ReadonlyMap<string, number>
  readonly files: readonly string[]
  /** Ends every command that runs, and every later one; not the removal. */
  readonly end: AbortController
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
    const files = ['docker-compose.yml']
    return new Compose({ command: composeCommand(), environment, project, ports, files, end: new AbortController() })
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
  docker(args: readonly string[], timeoutMs: number = DOCKER_MS): Promise<string> {
    return this.#output(['docker', ...args], timeoutMs, this.#init.end.signal)
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
    const label = `${PROJECT_LABEL}=${this.#init.project}`
    const options = ['--rm', '--label', label, '--user', 'root', '--entrypoint', 'sh', ...mounts]
    await this.docker(['run', ...options, IMAGE, '-c', line])
  }

  /** Removes every container, network and volume of the project. Nothing else can be done with it from then on. */
  async remove(timeoutMs: number): Promise<void> {
    const { project, end } = this.#init
    end.abort(new Error('the containers are being removed'))
    const docker = (...args: string[]): Promise<string> => this.#output(['docker', ...args], timeoutMs)
    const listed = async (...args: string[]): Promise<string[]> =>
      (await docker(...args)).split('\n').filter((id) => id !== '')
    // Compose knows only what its files name, and waits for the nodes to end; no need for that here.
    for (const id of await listed('ps', '-a', '-q', '-f', `label=${PROJECT_LABEL}=${project}`))
      await docker('rm', '-f', id)
    await this.#output(this.#verb(['down', '-v', '--remove-orphans']), timeoutMs)
    for (const volume of await listed('volume', 'ls', '-q', '-f', `name=${project}_`))
      await docker('volume', 'rm', '-f', volume)
  }

  /** Prints the last lines of every container. */
  async showLogs(): Promise<void> {
    console.log(await this.#compose(['logs', '--no-color', '--tail', String(LOG_LINES)], DOCKER_MS))
  }

  #compose(args: readonly string[], timeoutMs: number): Promise<string> {
    return this.#output(this.#verb(args), timeoutMs, this.#init.end.signal)
  }

  #verb(args: readonly string[]): readonly string[] {
    const { command, files } = this.#init
    return [...command, ...files.flatMap((file) => ['-f', file]), ...args]
  }

  #output([program = '', ...args]: readonly string[], timeoutMs: number, signal?: AbortSignal): Promise<string> {
    return output(program, args, { cwd: repoRoot, env: this.#init.environment, timeout: timeoutMs, signal })
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

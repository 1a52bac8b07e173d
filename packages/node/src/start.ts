/**
 * The composition root: the one place where the parts of a node are made and put together.
 *
 * Start, in this order, each needing those before it: log and metrics, store (its lock makes this the only process of the
 * data directory), key, mesh, runtime (reads the state, joins the mesh), API, metrics address. Whatever fails, everything
 * opened before it is closed again.
 *
 * Stop, in this order: sessions are told `moved` and where to go, sockets are closed with 1001 and requests under way are
 * answered, the mesh is left, what is not yet on disk is written, the store is closed.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log, Registry } from '@rollcall/core'
import { createGateway, type GatewayInfo } from '@rollcall/gateway'
import { NativeVerifier } from '@rollcall/identity/node'
import { createMesh } from '@rollcall/mesh-libp2p'
import { createRuntime } from '@rollcall/runtime'
import { LevelStore } from '@rollcall/store-level'
import { addPeer } from './add-peer.ts'
import { AdminTokens } from './admin-tokens.ts'
import { backupHeader, encodeBackup } from './backup/index.ts'
import { BloomWorker } from './bloom-worker/index.ts'
import { ClosingStack } from './closing-stack.ts'
import { type Config, type HostPort, parseHostPort } from './config/index.ts'
import { loadNodeKey } from './key.ts'
import { publicUrl, withPort } from './own-address.ts'
import { gatewaySettings, meshSettings, runtimeSettings } from './part-settings.ts'
import { type Stage, startError } from './start-error.ts'
import {
  PinoLog,
  PromMetrics,
  reportEventLoopLag,
  SystemClock,
  SystemRandom,
  startMetricsServer,
} from './telemetry/index.ts'
import { tlsSpkiFingerprint } from './tls-fingerprint.ts'
import { VERSION } from './version.ts'

export interface RunningNode {
  readonly registry: Registry
  /** Under which others reach the API. */
  readonly url: string
  /** Where the API listens. */
  readonly http: HostPort
  /** Multiaddrs of the mesh, `/p2p/<id>` included. */
  readonly meshAddresses: readonly string[]
  readonly log: Log
  /** Drains and stops, in the order above. Resolves with whether everything closed cleanly. Safe to repeat. */
  stop(): Promise<boolean>
}

const OWNER_ONLY_FOLDER = 0o700

/**
 * Starts a node. Resolves once its API answers; `registry.readiness()` says when it serves.
 *
 * @throws StartError with a sentence for the operator; nothing is left open then.
 */
export const startNode = async (config: Config): Promise<RunningNode> => {
  const log = PinoLog.create({ level: config.log.level, format: config.log.format, fields: { node: config.node.name } })
  const stack = new ClosingStack(log)
  const progress: { stage: Stage } = { stage: 'data directory' }
  try {
    return await compose(config, { log, stack, at: (stage) => (progress.stage = stage) })
  } catch (error) {
    await stack.closeAll()
    throw startError(progress.stage, error, config)
  }
}

interface Starting {
  readonly log: Log
  readonly stack: ClosingStack
  /** Notes what is being started, for the sentence if it fails. */
  readonly at: (stage: Stage) => void
}

/** Ends the process, without a stop that would write what is wrong: nobody handles it (see `dieOfBugs` in run.ts). */
const throwUnhandled = (error: unknown): void => {
  setImmediate(() => {
    throw error
  })
}

const compose = async (config: Config, { log, stack, at }: Starting): Promise<RunningNode> => {
  const clock = new SystemClock()
  const metrics = new PromMetrics()
  const common = { clock, random: new SystemRandom(), log, metrics }
  stack.push('event loop monitor', reportEventLoopLag({ clock, metrics }))

  const { dataDir } = config.node
  await mkdir(dataDir, { recursive: true, mode: OWNER_ONLY_FOLDER })
  const store = new LevelStore({ location: join(dataDir, 'store'), metrics })
  stack.push('store', () => store.close())
  await store.open()
  const key = await loadNodeKey(dataDir)
  if (key.isExposed) log.warn('others than the owner may read the key of this node', { dataDir })

  at('mesh settings')
  const mesh = await createMesh({ ...common, ...meshSettings(config), privateKeySeed: key.seed })
  const filterBuilder = new BloomWorker({ falsePositiveRate: config.bloom.falsePositiveRate })
  stack.push('bloom worker', () => filterBuilder.stop())

  at('http.listen')
  const http = await withPort(requireHostPort(config.http.listen))
  const url = publicUrl(config.http.publicUrl, http)

  at('state')
  const verifier = new NativeVerifier()
  const runtime = await createRuntime({
    ...common,
    settings: runtimeSettings(config, url),
    store,
    mesh,
    signer: key.signer,
    verifier,
    filterBuilder,
    onFault: throwUnhandled,
  })
  at('mesh.listen')
  stack.push('runtime', () => runtime.stop())
  await runtime.start()

  at('http.tls_certificate_file')
  const info = nodeInfo(config, url)
  at('http.listen')
  const tokens = new AdminTokens({ file: config.security.adminTokenFile, log })
  const gateway = createGateway({
    ...common,
    registry: runtime.registry,
    signer: key.signer,
    verifier,
    settings: gatewaySettings(config),
    info,
    metricsText: () => metrics.text(),
    adminAllowed: (token) => tokens.allows(token),
    addPeer: (address) => addPeer(mesh, address),
    drain: () => runtime.drain(),
    backup: () => encodeBackup({ header: backupHeader(key.nodeId), key: undefined, pairs: store.snapshot() }),
  })
  stack.push('API', () => gateway.stop())
  await gateway.start(http)

  at('metrics.listen')
  await openMetrics(config, { log, stack, metrics })

  const { nodeId } = key
  log.info(`${info.name} is up: API ${url}, mesh ${mesh.addresses().join(' ')}`, { version: VERSION, node_id: nodeId })
  const stop = once(() => {
    runtime.drain()
    return stack.closeAll()
  })
  return { registry: runtime.registry, url, http, meshAddresses: mesh.addresses(), log, stop }
}

/** `run`, whose first answer serves every later call. */
const once = <T>(run: () => T): (() => T) => {
  let answer: { readonly value: T } | undefined
  return () => {
    answer ??= { value: run() }
    return answer.value
  }
}

const nodeInfo = ({ node, http }: Config, url: string): GatewayInfo => {
  const info = { name: node.name, version: VERSION, url }
  if (http.tlsCertificateFile === '') return info
  return { ...info, tlsSpkiFingerprint: tlsSpkiFingerprint(http.tlsCertificateFile) }
}

const openMetrics = async (
  config: Config,
  { log, stack, metrics }: { readonly log: Log; readonly stack: ClosingStack; readonly metrics: PromMetrics },
): Promise<void> => {
  // On the address of the API the API serves them itself.
  if (config.metrics.listen === '' || config.metrics.listen === config.http.listen) return
  const { host, port } = requireHostPort(config.metrics.listen)
  const { contentType } = metrics
  const server = await startMetricsServer({ host, port, contentType, text: () => metrics.text(), log })
  stack.push('metrics', () => server.stop())
}

/** The configuration was checked: this cannot fail on one that `loadConfig` made. */
const requireHostPort = (text: string): HostPort => {
  const at = parseHostPort(text)
  if (at === undefined) throw new Error(`${text} is not HOST:PORT`)
  return at
}

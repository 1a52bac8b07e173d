/** A gateway on a free port, with everything it is given in the hands of the test. */
import { randomBytes } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Clock, Log, LogFields } from '@rollcall/core'
import { type Act, type EntityId, formatKey, type JsonObject, zyndRegistration } from '@rollcall/protocol'
import { CountingMetrics, inlineVerifier } from '@rollcall/testkit'
import { createGateway, type Gateway, type GatewayInit, type GatewaySettings } from '../../src/index.ts'
import { nodeSigner } from './keys.ts'
import { ScriptedRegistry, viewOf } from './scripted-registry.ts'

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  schedule: (delayMs, fn) => {
    const timer = setTimeout(fn, delayMs)
    return () => clearTimeout(timer)
  },
}

export class LinesLog implements Log {
  readonly lines: { readonly level: string; readonly message: string; readonly fields: LogFields }[] = []
  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields })
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields })
  }
  warn(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warn', message, fields })
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields })
  }
  child(): Log {
    return this
  }
}

export interface Harness {
  readonly registry: ScriptedRegistry
  readonly gateway: Gateway
  readonly metrics: CountingMetrics
  readonly log: LinesLog
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** `ws://127.0.0.1:<port>` */
  readonly ws: string
  readonly port: number
}

export const startGateway = async (
  t: TestContext,
  settings: Partial<GatewaySettings> = {},
  change: Partial<Omit<GatewayInit, 'registry' | 'metrics' | 'log'>> = {},
): Promise<Harness> => {
  const registry = new ScriptedRegistry()
  const metrics = new CountingMetrics()
  const log = new LinesLog()
  const gateway = createGateway({
    registry,
    settings,
    clock: systemClock,
    random: { next: () => 0.5, bytes: (length) => randomBytes(length) },
    log,
    metrics,
    signer: nodeSigner,
    verifier: inlineVerifier,
    info: { name: 'node-a', version: '0.1.0', url: 'http://a.example' },
    ...change,
  })
  const { port } = await gateway.start({ host: '127.0.0.1', port: 0 })
  t.after(() => gateway.stop())
  return { registry, gateway, metrics, log, port, url: `http://127.0.0.1:${port}`, ws: `ws://127.0.0.1:${port}` }
}

export const SIGNATURE = formatKey(new Uint8Array(64).fill(3))

/** A registration body as Zynd's SDK sends it; each seed is another entity. */
export const registration = (seed: number, fields: JsonObject = {}): JsonObject => ({
  name: `Agent ${seed}`,
  entity_url: `http://agent-${seed}.example`,
  category: 'finance',
  tags: ['stocks', 'news'],
  summary: 'Watches the market.',
  public_key: formatKey(new Uint8Array(32).fill(seed)),
  signature: SIGNATURE,
  ...fields,
})

export const actOf = (body: JsonObject): Act => {
  const act = zyndRegistration(JSON.stringify(body))
  if (!act.ok) throw new Error(act.message)
  return act.value
}

/** Puts an entity into the registry and returns its id. */
export const enrol = (registry: ScriptedRegistry, seed: number, fields: JsonObject = {}): EntityId => {
  const view = viewOf(actOf(registration(seed, fields)), { status: 'active', lastBeatMs: 1_790_000_001_000 })
  registry.entities.set(view.id, view)
  return view.id
}

export const postJson = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: JSON.stringify(body), headers })

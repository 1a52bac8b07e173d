/** One registry state with a disk, driven through `step`; every step is audited, and its effects are held to the rules. */
import assert from 'node:assert/strict'
import {
  type CoreSettings,
  type Effects,
  type RegistryInput,
  RegistryState,
  readBeatRow,
  readClockRow,
  readEntryRow,
  readLinkRow,
  readMemberRow,
  restoreEntry,
  restoreMember,
  resumeLeases,
  type Shown,
  SteadyClock,
  step,
} from '@rollcall/core'
import {
  type Beat,
  decodeDelta,
  type EntityId,
  type Entry,
  type NodeId,
  type NodeStatus,
  parseNodeId,
  type Result,
  type Signer,
  type Stamp,
} from '@rollcall/protocol'
import { audit } from './audit.ts'
import { Disk } from './disk.ts'
import { checkEffects } from './effects.ts'
import type { NodeKey } from './keys.ts'
import { taken } from './taken.ts'

/** Time of a test: what every node's clock is read from. */
export interface Time {
  wallMs: number
  monotonicMs: number
}

export const START_MS = 1_767_225_600_000

/** The monotonic clock of a machine has fractions; these are exact in binary, so that sums of them compare equal. */
export const startOfTime = (): Time => ({ wallMs: START_MS, monotonicMs: 1_000.375 })

export interface TestNodeInit {
  readonly key: NodeKey
  readonly time: Time
  readonly settings: CoreSettings
  /** Its system clock minus the time of the test. */
  readonly offsetMs?: number
  readonly ready?: boolean
}

type Omitted<T> = T extends unknown ? Omit<T, 'token'> : never
type ActInput = Omitted<Extract<RegistryInput, { type: 'register' | 'update' | 'deregister' | 'developer' | 'name' }>>

export class TestNode {
  readonly id: NodeId
  readonly signer: Signer
  readonly settings: CoreSettings
  readonly time: Time
  offsetMs: number
  disk = new Disk()
  state: RegistryState
  /** Called after each step with what it decided, once it is on disk. */
  onEffects: (effects: Effects) => void = () => undefined
  #token = 0

  constructor(init: TestNodeInit) {
    this.id = init.key.id
    this.signer = init.key.signer
    this.settings = init.settings
    this.time = init.time
    this.offsetMs = init.offsetMs ?? 0
    this.state = this.#emptyState(init.ready ?? true, 0)
  }

  get wallMs(): number {
    return this.time.wallMs + this.offsetMs
  }

  /** What the steady clock of this node reads. */
  get nodeMs(): number {
    return this.state.steady.at(this.time.monotonicMs)
  }

  step(...events: readonly RegistryInput[]): Effects {
    const shownBefore = new Map<EntityId, Shown>([...this.state.holdings].map(([id, { shown }]) => [id, shown]))
    const env = {
      wallMs: this.wallMs,
      monotonicMs: this.time.monotonicMs,
      sign: (message: Uint8Array) => this.signer.sign(message),
    }
    const effects = step(this.state, events, env)
    this.disk.write(effects.store, effects.durable)
    audit(this.state)
    checkEffects({ state: this.state, disk: this.disk, events, effects, shownBefore })
    this.onEffects(effects)
    return effects
  }

  tick(): Effects {
    return this.step({ type: 'tick' })
  }

  /** An owner's act, and what was answered. */
  act(event: ActInput): Result<{ readonly id: EntityId; readonly stamp: Stamp }> {
    const token = ++this.#token
    const effects = this.step({ ...event, token } as RegistryInput)
    const answer = effects.answers.find((one) => one.token === token)
    if (answer?.kind !== 'act') throw new Error('an act is answered')
    return answer.result
  }

  /** A beat, and what was answered. */
  beat(
    id: EntityId,
    beat: Beat,
    session: { readonly sessionId?: number; readonly address?: string } = {},
  ): BeatAnswered {
    const { sessionId = 1, address = 'here' } = session
    const token = ++this.#token
    const effects = this.step({ type: 'beat', token, id, beat, sessionId, address })
    const answer = effects.answers.find((one) => one.token === token)
    if (answer?.kind !== 'beat') throw new Error('a beat is answered')
    return { outcome: answer.outcome, status: answer.status, effects }
  }

  shown(id: EntityId): Shown | undefined {
    return this.state.holdings.get(id)?.shown
  }

  entry(id: EntityId): Entry | undefined {
    return this.state.holdings.get(id)?.entry
  }

  digest(): string {
    return Buffer.from(this.state.items.fingerprint()).toString('hex')
  }

  /** Its status as it would publish it now. */
  status(overrides: Partial<NodeStatus> = {}): NodeStatus {
    return {
      stamp: this.state.hybrid.issue(this.nodeMs),
      clockMs: Math.round(this.nodeMs),
      run: 1,
      number: 0,
      name: 'a node',
      url: '',
      mode: 'full',
      version: '0.1.0',
      ready: this.state.ready,
      digest: this.state.items.fingerprint(),
      counts: this.state.counts,
      verdicts: this.state.members.verdicts(this.time.monotonicMs),
      addresses: [],
      filterVersion: 0,
      audit: this.state.auditHead,
      ...overrides,
    }
  }

  /** Stops without a word and starts from the disk, of which the last `lost` unpromised batches are gone. */
  restart(lost = 0): void {
    this.disk.crash(lost)
    this.#boot()
  }

  /** Starts from an older copy of its disk. */
  restore(disk: Disk): void {
    this.disk = disk.copy()
    this.#boot()
  }

  /** Starts with an empty disk. `ready` as for a node with no join list, unless said otherwise. */
  wipe(ready = true): void {
    this.disk = new Disk()
    this.state = this.#emptyState(ready, 0)
  }

  #emptyState(ready: boolean, floorMs: number): RegistryState {
    const { monotonicMs } = this.time
    return new RegistryState({
      self: this.id,
      settings: this.settings,
      // What peers wrote may be ahead by the skew; a system clock further behind than that was set back (L4).
      steady: new SteadyClock({
        wallMs: this.wallMs,
        monotonicMs,
        floorMs: floorMs - this.wallMs > this.settings.skewMs ? floorMs : 0,
      }),
      stampFloor: { wallMs: floorMs, counter: floorMs === 0 ? 0 : 0xffff },
      monotonicMs,
      ready,
    })
  }

  #boot(): void {
    const { monotonicMs } = this.time
    const clock = this.disk.get('meta', 'clock')
    this.state = this.#emptyState(true, clock === undefined ? 0 : taken(readClockRow(clock)))
    const rows = this.disk.scan('entry').map(([key, value]) => {
      const { entry, heldMs } = taken(readEntryRow(value))
      const beat = this.disk.get('beat', key)
      return { entry: this.#withPresence(key, entry), heldMs, beat: beat && taken(readBeatRow(beat)) }
    })
    for (const row of rows.sort((a, b) => a.heldMs - b.heldMs)) restoreEntry(this.state, row, monotonicMs)
    for (const [key, value] of this.disk.scan('member')) {
      const id = parseNodeId(key)
      if (id === undefined) throw new Error(`${key} is no node id`)
      restoreMember(this.state, id, taken(readMemberRow(value)), monotonicMs)
    }
    const link = this.disk.scan('audit').at(-1)
    if (link !== undefined) this.state.auditHead = taken(readLinkRow(link[1]))
    resumeLeases(this.state, monotonicMs)
    audit(this.state)
  }

  #withPresence(key: string, entry: Entry): Entry {
    const bytes = this.disk.get('presence', key)
    if (bytes === undefined) return entry
    const delta = taken(decodeDelta(bytes))
    assert.equal(entry.kind, 'record', 'a presence is stored only beside a record')
    return entry.kind === 'record' && delta.kind === 'presence' ? { ...entry, presence: delta.presence } : entry
  }
}

export interface BeatAnswered {
  readonly outcome: string
  readonly status: string
  readonly effects: Effects
}

/** Signed native beats over many sockets: as fast as they are acknowledged, or at a given rate. */
import { agentsCalled } from '../../e2e/support/crowd.ts'
import { NativeSession } from '../../e2e/support/native-agent.ts'
import type { ZyndAgent } from '../../e2e/support/zynd-agent.ts'
import { answer, quantiles } from './other-process.ts'

export interface BeatsInput {
  readonly url: string
  /** The agents of this name, numbered; registered before. */
  readonly prefix: string
  readonly sessions: number
  readonly agentsPerSession: number
  readonly beatsPerAgent: number
  /** Beats of one session that wait for their answer, at most. */
  readonly window: number
  /** All sessions together; absent: as fast as they are acknowledged. */
  readonly beatsPerSecond?: number
}

export interface BeatsOutput {
  readonly sent: number
  readonly acknowledged: number
  readonly refused: number
  readonly seconds: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** One socket with its beats, signed beforehand and sent in order. */
class Sender {
  readonly latenciesMs: number[] = []
  refused = 0
  sent = 0
  readonly #session: NativeSession
  readonly #frames: readonly string[]
  readonly #sentMs = new Map<string, number>()
  readonly #onAnswer: () => void

  constructor(session: NativeSession, frames: readonly string[], onAnswer: () => void) {
    this.#session = session
    this.#frames = frames
    this.#onAnswer = onAnswer
    session.socket.ws.removeAllListeners('message')
    session.socket.ws.on('message', (data) => this.#answered(String(data)))
  }

  get hasMore(): boolean {
    return this.sent < this.#frames.length
  }

  get underWay(): number {
    return this.#sentMs.size
  }

  send(): void {
    const frame = this.#frames[this.sent++]
    if (frame === undefined) return
    this.#sentMs.set(beatOf(frame), performance.now())
    this.#session.socket.ws.send(frame)
  }

  #answered(text: string): void {
    const beat = beatOf(text)
    const sentMs = this.#sentMs.get(beat)
    if (!text.includes('"type":"ack"') || sentMs === undefined) {
      this.refused++
      if (this.refused === 1) process.stderr.write(`refused: ${text}\n`)
    } else {
      this.latenciesMs.push(performance.now() - sentMs)
      this.#sentMs.delete(beat)
    }
    this.#onAnswer()
  }
}

/** Entity and time: what a beat and its answer have in common. */
const beatOf = (frame: string): string => {
  const { id, ms } = /"entity_id":"(?<id>[^"]+)","timestamp_ms":(?<ms>\d+)/.exec(frame)?.groups ?? {}
  return `${id} ${ms}`
}

const openSessions = async (input: BeatsInput, onAnswer: () => void): Promise<Sender[]> => {
  const { url, prefix, sessions, agentsPerSession, beatsPerAgent } = input
  const agents = agentsCalled(prefix, sessions * agentsPerSession)
  const senders: Sender[] = []
  for (let at = 0; at < agents.length; at += agentsPerSession) {
    const mine = agents.slice(at, at + agentsPerSession)
    const session = await NativeSession.open(url, mine)
    senders.push(new Sender(session, signBeats(session, mine, beatsPerAgent), onAnswer))
  }
  return senders
}

/** Beats a millisecond apart, so that each is newer than the one before; all within the skew. */
const signBeats = (session: NativeSession, agents: readonly ZyndAgent[], each: number): string[] => {
  const firstMs = Date.now()
  const frames: string[] = []
  for (let beat = 0; beat < each; beat++) {
    for (const agent of agents) frames.push(session.frame(agent, { timeMs: firstMs + beat }))
  }
  return frames
}

answer(async (input: BeatsInput): Promise<BeatsOutput> => {
  const { window, beatsPerSecond } = input
  const total = input.sessions * input.agentsPerSession * input.beatsPerAgent
  let answers = 0
  let finish: () => void = () => undefined
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  const senders = await openSessions(input, () => {
    answers++
    if (answers === total) finish()
    else if (beatsPerSecond === undefined) refill()
  })
  const refill = (): undefined => {
    for (const sender of senders) while (sender.hasMore && sender.underWay < window) sender.send()
  }
  const startedMs = performance.now()
  const end = beatsPerSecond === undefined ? refill() : sendAtRate(senders, beatsPerSecond)
  await finished
  end?.()
  const latenciesMs = senders.flatMap((sender) => sender.latenciesMs)
  const [p50Ms = 0, p99Ms = 0] = quantiles(latenciesMs, [0.5, 0.99])
  const refused = senders.reduce((sum, sender) => sum + sender.refused, 0)
  const seconds = (performance.now() - startedMs) / 1_000
  return { sent: total, acknowledged: latenciesMs.length, refused, seconds, p50Ms, p99Ms }
})

/** Open loop: sends what is due every few milliseconds, whether answers come or not. Returns a function that ends it. */
const sendAtRate = (senders: readonly Sender[], perSecond: number): (() => void) => {
  const startedMs = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startedMs) * perSecond) / 1_000
    for (; sent < due; sent++) senders[sent % senders.length]?.send()
  }, 2)
  return () => clearInterval(timer)
}

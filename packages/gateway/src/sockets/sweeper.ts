/**
 * The one timer of all sockets: finds the silent ones, pings them, and closes the dead.
 *
 * Silence is counted in sweeps, not in milliseconds. A process that was stopped for ten minutes has missed its own sweeps
 * too, so it wakes to sockets that are one sweep older, and not to a mass death of its own making (L4). It also spares
 * every frame a reading of the clock.
 */
import type { Clock } from '@rollcall/core'
import type { GatewaySettings } from '../settings.ts'
import { HELLO_SECONDS } from '../settings.ts'
import type { SocketTable } from './socket-table.ts'

const SWEEP_MS_MAX = 1_000
const SWEEP_MS_MIN = 20
/** Pings without any frame in return before a socket counts as dead. */
export const PINGS_MAX = 2

/** Limits of silence, in sweeps. */
export interface SweepLimits {
  readonly idle: number
  /** Infinite while pings are off. */
  readonly ping: number
  readonly hello: number
}

export class Sweeper {
  /** How many sweeps there have been. */
  sweeps = 0
  readonly limits: SweepLimits
  readonly #clock: Clock
  readonly #table: SocketTable
  readonly #sweepMs: number
  #cancel: (() => void) | undefined

  constructor(clock: Clock, table: SocketTable, settings: GatewaySettings) {
    const { pingSeconds, idleLimitSeconds } = settings
    const shortestMs = 1000 * Math.min(idleLimitSeconds, pingSeconds === 0 ? idleLimitSeconds : pingSeconds)
    this.#sweepMs = Math.min(SWEEP_MS_MAX, Math.max(SWEEP_MS_MIN, shortestMs / 10))
    this.#clock = clock
    this.#table = table
    const sweepsIn = (seconds: number): number => Math.ceil((seconds * 1000) / this.#sweepMs)
    this.limits = {
      idle: sweepsIn(idleLimitSeconds),
      ping: pingSeconds === 0 ? Number.POSITIVE_INFINITY : sweepsIn(pingSeconds),
      hello: sweepsIn(HELLO_SECONDS),
    }
  }

  start(): void {
    this.#cancel = this.#clock.schedule(this.#sweepMs, () => this.#sweep())
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }

  #sweep(): void {
    this.sweeps++
    for (const socket of this.#table) socket.onSweep(this.sweeps, this.limits)
    this.start()
  }
}

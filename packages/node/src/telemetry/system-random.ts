import { randomBytes } from 'node:crypto'
import type { Random } from '@rollcall/core'

/** Chance of the operating system. `next` is for jitter and choices only, so the fast generator serves. */
export class SystemRandom implements Random {
  next(): number {
    return Math.random()
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(randomBytes(length))
  }
}

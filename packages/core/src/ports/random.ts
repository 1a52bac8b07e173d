/** Chance as the registry sees it: seeded in the simulator, the operating system's elsewhere. */
export interface Random {
  /** A number in [0, 1), for jitter and choices. */
  next(): number
  /** `length` unpredictable bytes, for nonces and request ids. */
  bytes(length: number): Uint8Array
}

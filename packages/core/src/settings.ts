/** Times of the registry, in milliseconds. Their relations (L11) are checked where configuration is read. */
export interface CoreSettings {
  /** What clients are told to keep between two beats. */
  readonly intervalMs: number
  /** Silence after which an entity is inactive, and a node gone. */
  readonly thresholdMs: number
  readonly skewMs: number
  /** What an entity has at least to come back after its attendant restarted (L5). */
  readonly graceMs: number
  readonly retentionMs: number
  readonly forgetMs: number
  /** Silence after which a node is shown as suspect; no more than shown (L6). */
  readonly suspectMs: number
  /** Between two ticks; a gap much longer than this is lateness of the process (L4). */
  readonly tickMs: number
  /** Whether the Zynd forms, which can be replayed, are taken (L10). */
  readonly zyndSignatures: boolean
}

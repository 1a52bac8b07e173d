/**
 * Most operations merged into one underlying batch. More would save syncs under heavy load; but LevelDB's binding
 * copies a batch on the event loop at some 5 µs an operation, and nothing else runs meanwhile.
 */
export const GROUP_OPS_MAX = 2_000

/** Most bytes merged into one underlying batch. A single caller's batch above either cap is written alone. */
export const GROUP_BYTES_MAX = 4 * 1024 * 1024

/**
 * Most bytes waiting to be written. A write beyond it is refused with `unavailable` and counted in
 * `dropped_total{queue="store",reason="full"}`: a disk this far behind must push back, not fill the memory.
 */
export const QUEUE_BYTES_MAX = 64 * 1024 * 1024

/** What one operation, or one batch, is charged besides its keys and values, so that empty ones are bounded as well. */
export const OVERHEAD_BYTES = 128

/** Pairs, and bytes, a scan fetches at a time. More is faster; less holds less memory and yields to others sooner. */
export const SCAN_CHUNK_PAIRS = 500
export const SCAN_CHUNK_BYTES = 256 * 1024

/**
 * Most operations merged into one underlying batch. LevelDB's binding copies a batch on the event loop, and its callers
 * all resume in one turn, so a larger group holds up everything else for longer. Measured with 1 000 concurrent callers
 * on two cores: 55 thousand durable writes a second at 250, 61 at 500, 66 at 2 000; the 99th percentile of the event
 * loop's delay was 10, 16 and 21 ms.
 */
export const GROUP_OPS_MAX = 500

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

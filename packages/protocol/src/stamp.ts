import { type NodeId, parseNodeId } from './ids.ts'

/**
 * Hybrid logical clock reading: a total order over all writes of all nodes. `counter` orders writes of one millisecond;
 * a full counter adds 1 ms. Source: Kulkarni et al., "Logical Physical Clocks" (2014).
 */
export interface Stamp {
  /** Milliseconds since the Unix epoch, u48. */
  readonly wallMs: number
  /** u16. */
  readonly counter: number
  readonly node: NodeId
}

export const WALL_MS_MAX: number = 2 ** 48 - 1
export const COUNTER_MAX = 0xffff

/** Negative, zero or positive as `a` is before, equal to or after `b`. */
export const compareStamps = (a: Stamp, b: Stamp): number =>
  a.wallMs - b.wallMs || a.counter - b.counter || compareText(a.node, b.node)

/** The stamp to keep for `b` where `a` is kept beside it: one object where they are equal. */
export const sharedStamp = (a: Stamp, b: Stamp): Stamp => (compareStamps(a, b) === 0 ? a : b)

/** Order of UTF-16 units; ids are ASCII, so this is also the order of their bytes. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && compareBytes(a, b) === 0

/** `1763768400000.3.12D3KooW…`, as shown in answers and logs. */
export const formatStamp = (stamp: Stamp): string => `${stamp.wallMs}.${stamp.counter}.${stamp.node}`

const STAMP_TEXT = /^(0|[1-9]\d{0,14})\.(0|[1-9]\d{0,4})\.(\w+)$/

/** The stamp that `formatStamp` wrote, or undefined where it wrote none such. */
export const parseStamp = (text: string): Stamp | undefined => {
  const [, wall, counter, nodeText = ''] = STAMP_TEXT.exec(text) ?? []
  const node = parseNodeId(nodeText)
  const stamp = { wallMs: Number(wall), counter: Number(counter) }
  if (node === undefined || !(stamp.wallMs <= WALL_MS_MAX) || !(stamp.counter <= COUNTER_MAX)) return undefined
  return { ...stamp, node }
}

// The part of bloom-filters 3 that we use. The package's own types begin with `/// <reference types="node" />`, which
// would put Buffer, process and timers in reach of every file of this pure package; package.json `imports` therefore
// gives the compiler this file and the runtime the package itself.

declare class Hashing {
  /** Documented extension point: hash `element` to a number. Called twice for each element, with two seeds. */
  serialize(element: string, seed?: number): number
}

declare class BloomFilter {
  constructor(bitCount: number, hashCount: number)
  /** A filter of optimal size and hash count for `wordCount` words at `rate` false positives. */
  static create(wordCount: number, rate: number): BloomFilter
  _size: number
  _nbHashes: number
  _hashing: Hashing
  /** One bit a cell, eight to a byte, lowest bit first. */
  _filter: { array: Uint8Array }
  add(element: string): void
  has(element: string): boolean
}

declare const library: { Hashing: typeof Hashing; BloomFilter: typeof BloomFilter }
// CommonJS whose exports Node's lexer cannot name: only the default import works from a module.
export default library
export type { BloomFilter, Hashing }

/** What the main thread and the thread that builds a filter tell each other. */

export type ToBuilder =
  /** Some of the words; answered with `taken`. */
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** There are no more words; answered with `built`. */
  | { readonly kind: 'build'; readonly falsePositiveRate: number }

export type FromBuilder = { readonly kind: 'taken' } | { readonly kind: 'built'; readonly filter: Uint8Array }

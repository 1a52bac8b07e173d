/**
 * Every cap of this package. Texts come from strangers, so each is cut before work is done on it, and cut the same way
 * on every node: a cap is part of what "the same state gives the same result" (F1) means.
 */

/** A longer token is cut to this many code points. Raising it lets long junk into the dictionary. */
export const TOKEN_CODE_POINTS_MAX = 40

/** UTF-16 units of one value (a name, a tag, a summary, a query) that are read; the rest is ignored. */
export const VALUE_CHARS_MAX = 2048
/** Tags of one document, or of one query, that are read. */
export const TAGS_MAX = 64
/** Capability words of one document that are read. */
export const CAPABILITY_WORDS_MAX = 256
/** Characters of one tag, category, capability word, handle or FQAN that are read. */
export const LABEL_CHARS_MAX = 256

/** Distinct words of a query that count; later ones are ignored. Each costs one pass over its postings. */
export const QUERY_WORDS_MAX = 16
/** Distinct skill words of a query that count. */
export const QUERY_SKILLS_MAX = 16

/** `offset + limit` of one query: what the ranking must keep. Who reads deeper follows the cursor instead. */
export const PAGE_DEPTH_MAX = 5_000
/** Characters of a cursor, checked before it is parsed. */
export const CURSOR_CHARS_MAX = 512

/**
 * The tokens that open what only an operator may do, such as draining a node. The file (`security.admin_token_file`) keeps
 * a SHA-256 of each, never the token, one JSON object a line; whoever reads the file gains nothing by it. A token is 256
 * bits of chance, so a plain hash is enough: there is nothing to guess.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Log } from '@rollcall/core'

export interface AdminToken {
  /** Names the token in lists and in `revoke`. Says nothing about the token. */
  readonly id: string
  /** Hexadecimal. */
  readonly sha256: string
  /** ISO time. */
  readonly createdAt: string
  readonly note: string
}

const PREFIX = 'rca_'
const TOKEN_BYTES = 32
const ID_BYTES = 4
const NOTE_CHARS_MAX = 200
const TOKENS_MAX = 1000
const OWNER_ONLY = 0o600

/** The tokens of a file, oldest first; none where there is no file. @throws Error that names the line which is none. */
export const listTokens = (file: string): readonly AdminToken[] => {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [parseLine(line, `${file}, line ${index + 1}`)]))
}

/** Makes a token and adds it to the file. The token itself is told here and never again. */
export const mintToken = (file: string, note: string): { readonly token: string; readonly entry: AdminToken } => {
  const tokens = listTokens(file)
  if (tokens.length >= TOKENS_MAX)
    throw new Error(`${file} holds ${tokens.length} tokens, which is the most; revoke some`)
  const token = PREFIX + randomBytes(TOKEN_BYTES).toString('base64url')
  const entry = {
    id: randomBytes(ID_BYTES).toString('hex'),
    sha256: digestOf(token),
    createdAt: new Date().toISOString(),
    note: note.slice(0, NOTE_CHARS_MAX),
  }
  writeTokens(file, [...tokens, entry])
  return { token, entry }
}

/** Takes a token out of the file; false where there was none of that id. A running node notices at the next request. */
export const revokeToken = (file: string, id: string): boolean => {
  const tokens = listTokens(file)
  const kept = tokens.filter((token) => token.id !== id)
  if (kept.length === tokens.length) return false
  writeTokens(file, kept)
  return true
}

/** Judges tokens by a file, which is read again whenever it changed. */
export class AdminTokens {
  readonly #file: string
  readonly #log: Log
  #version = ''
  #digests: ReadonlySet<string> = new Set()

  constructor(init: { readonly file: string; readonly log: Log }) {
    this.#file = init.file
    this.#log = init.log
  }

  /** Whether the token is an admin's. Without a file, or with one that cannot be read, nobody's is. */
  allows(token: string): boolean {
    if (!token.startsWith(PREFIX)) return false
    this.#refresh()
    return this.#digests.has(digestOf(token))
  }

  #refresh(): void {
    const version = versionOf(this.#file)
    if (version === this.#version) return
    this.#version = version
    try {
      this.#digests = new Set(listTokens(this.#file).map(({ sha256 }) => sha256))
    } catch (error) {
      this.#digests = new Set()
      this.#log.error('the admin tokens cannot be read, so nobody is let in', { file: this.#file, error })
    }
  }
}

const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/** Changes whenever the file does. */
const versionOf = (file: string): string => {
  const stats = statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? 'none' : `${stats.ino} ${stats.mtimeMs} ${stats.size}`
}

const parseLine = (line: string, place: string): AdminToken => {
  const refused = new Error(`${place} is not an admin token; mint one with: rollcall token mint`)
  let fields: unknown
  try {
    fields = JSON.parse(line)
  } catch (error) {
    refused.cause = error
    throw refused
  }
  if (typeof fields !== 'object' || fields === null) throw refused
  const { id, sha256, created_at, note } = fields as Record<string, unknown>
  if (typeof id !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) throw refused
  return {
    id,
    sha256,
    createdAt: typeof created_at === 'string' ? created_at : '',
    note: typeof note === 'string' ? note : '',
  }
}

/** In one step, so that a node that reads meanwhile sees the old list or the new one. */
const writeTokens = (file: string, tokens: readonly AdminToken[]): void => {
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.new`
  const lines = tokens.map(({ createdAt, ...rest }) => `${JSON.stringify({ ...rest, created_at: createdAt })}\n`)
  writeFileSync(draft, lines.join(''), { mode: OWNER_ONLY })
  renameSync(draft, file)
}

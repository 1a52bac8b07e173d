/** Key files on disk. */
import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fail, ok, type Result } from '@rollcall/protocol'
import { formatKeyFile, type KeyPair, parseKeyFile } from './key-file.ts'

/** Read and write for the owner, nothing for anybody else. */
const OWNER_ONLY = 0o600

/**
 * The key pair in the file at `path`. Fails with `not_found` where there is no file, otherwise as `parseKeyFile` does;
 * rejects when the disk refuses.
 */
export const readKeyFile = async (path: string): Promise<Result<KeyPair>> => {
  const text = await textOf(path)
  if (text === undefined) return fail('not_found', `there is no key file ${path}`)
  const pair = parseKeyFile(text)
  return pair.ok ? pair : fail(pair.code, `${path}: ${pair.message}`)
}

/**
 * Writes a key file that only its owner may read (mode 0600), making folders as needed. Fails with `forbidden` where the
 * file exists and `overwrite` is not set: a lost key cannot be made again. Rejects when the disk refuses.
 */
export const writeKeyFile = async (
  path: string,
  pair: KeyPair,
  options: { readonly overwrite?: boolean } = {},
): Promise<Result<undefined>> => {
  await mkdir(dirname(path), { recursive: true })
  // An old key is replaced in one step, so that at every moment one of the two is whole on the disk.
  const target = options.overwrite === true ? `${path}.${randomBytes(6).toString('hex')}.tmp` : path
  try {
    await writeNew(target, formatKeyFile(pair))
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return fail('forbidden', `the key file ${path} exists and is not overwritten`)
    await rm(target, { force: true })
    throw error
  }
  if (target !== path) await rename(target, path)
  return ok(undefined)
}

/** Writes a file that must not exist yet, and waits until it is on the disk. */
const writeNew = async (path: string, text: string): Promise<void> => {
  const file = await open(path, 'wx', OWNER_ONLY)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

const textOf = async (path: string): Promise<string | undefined> => {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)

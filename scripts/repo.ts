/** Reading the repository as text, for the checks that compare its parts with one another. */

import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One file of the repository: its path from the root with `/` between the parts, and its text. */
export type RepoFile = { path: string; text: string }

export const repoRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), '..')

const madeOrFetched = new Set(['node_modules', 'dist', 'coverage', '.git', '.data'])

/**
 * Every path of the repository that a person wrote and `accept` wants, in alphabetical order.
 * Walks the folders and asks no git, so that an unpacked archive can be checked too.
 */
export function listRepo(accept: (path: string) => boolean, root: string = repoRoot): string[] {
  const found: string[] = []
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (madeOrFetched.has(entry.name)) continue
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile() && accept(path)) found.push(path)
    }
  }
  visit('')
  return found.sort()
}

/** The files of `listRepo` with their text. */
export function readRepo(accept: (path: string) => boolean, root: string = repoRoot): RepoFile[] {
  return listRepo(accept, root).map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** A fresh checkout installs what the lockfile says, so it has to agree with every package.json. */

import type { RepoFile } from '../../scripts/repo.ts'

type Dependencies = Record<string, string>
type Manifest = { dependencies?: Dependencies; devDependencies?: Dependencies; optionalDependencies?: Dependencies }
type Lockfile = { packages: Record<string, Manifest> }

const kinds = ['dependencies', 'devDependencies'] as const

/**
 * Where the lockfile differs from these package.json files, and which optional dependencies it lacks. The latter are the
 * binaries for other systems: npm drops them silently when it writes a lockfile that it cannot complete.
 */
export function checkLockfile(text: string, manifests: readonly RepoFile[]): string[] {
  const { packages }: Lockfile = JSON.parse(text)
  const differs = manifests.filter((file) => {
    const declared: Manifest = JSON.parse(file.text)
    const locked = packages[file.path.replace(/\/?package\.json$/, '')] ?? {}
    const listOf = (some: Dependencies = {}): string => JSON.stringify(Object.entries(some).sort())
    return kinds.some((kind) => listOf(declared[kind]) !== listOf(locked[kind]))
  })
  const isLocked = (name: string, from: string): boolean =>
    packages[`node_modules/${name}`] !== undefined || packages[`${from}/node_modules/${name}`] !== undefined
  return [
    ...differs.map(({ path }) => `package-lock.json differs from ${path}`),
    ...Object.entries(packages).flatMap(([from, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => !isLocked(name, from))
        .map((name) => `package-lock.json lacks ${name}, which ${from} needs on some systems`),
    ),
  ]
}

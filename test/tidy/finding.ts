/** What the checks of this folder have in common: they read files as text and answer with findings. */

import type { RepoFile } from '../../scripts/repo.ts'

/** One place that breaks a habit of the house. Lines count from 1; 0 means the file as a whole. */
export type Finding = { path: string; line: number; message: string }

export type Check = (files: readonly RepoFile[]) => Finding[]

/** Findings as text, one `path:line: message` each, for the message of a failing test. */
export function describeFindings(findings: readonly Finding[]): string {
  return findings.map(({ path, line, message }) => `${path}:${line}: ${message}`).join('\n')
}

export const isCode = (path: string): boolean => /\.(?:ts|tsx|mjs|js)$/.test(path)
export const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path)
export const isSource = (path: string): boolean => /^packages\/[^/]+\/src\//.test(path) && isCode(path)

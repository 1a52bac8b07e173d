/**
 * Writes packages/protocol/vectors/*.json: known answers, valid and invalid, that anyone who speaks the protocol can test
 * against. The same files come out each time, from fixed seeds.
 *
 *   node --import tsx --conditions=@rollcall/source packages/identity/test/make-vectors.ts
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { edgeVectors } from './vectors/edge.ts'
import { canonicalJsonVectors } from './vectors/json.ts'
import { derivationVectors, idVectors } from './vectors/names.ts'
import { signatureVectors } from './vectors/signatures.ts'
import { wireVectors } from './vectors/wire.ts'

export const vectorsFolder = new URL('../../protocol/vectors/', import.meta.url)

/** The text of each file by its name. */
export const vectorFiles = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries({
      'ed25519-edge.json': edgeVectors(),
      'canonical-json.json': canonicalJsonVectors(),
      'ids.json': idVectors(),
      'derivation.json': derivationVectors(),
      'signatures.json': signatureVectors(),
      'wire.json': wireVectors(),
    }).map(([name, vectors]) => [name, `${JSON.stringify(vectors, null, 2)}\n`]),
  )

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await mkdir(vectorsFolder, { recursive: true })
  for (const [name, text] of Object.entries(vectorFiles())) await writeFile(new URL(name, vectorsFolder), text)
}

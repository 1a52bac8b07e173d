/**
 * The key of a node: 32 bytes of Ed25519 seed in `<data_dir>/node.key`. The node's peer id follows from it, so whoever
 * holds the file is the node: it is readable by its owner only, made once, and never replaced by the software.
 */
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { generateSeed, nativeSigner } from '@rollcall/identity/node'
import { type NodeId, nodeIdOf, type Signer } from '@rollcall/protocol'

export const KEY_FILE = 'node.key'

const SEED_BYTES = 32
const OWNER_ONLY_FILE = 0o600
const OWNER_ONLY_FOLDER = 0o700
const OTHERS = 0o077

export interface NodeKey {
  readonly seed: Uint8Array
  readonly signer: Signer
  readonly nodeId: NodeId
  /** The file was made by this call. */
  readonly isNew: boolean
  /** The file may be read by others than its owner; some file systems cannot say otherwise. */
  readonly isExposed: boolean
}

/** The key file cannot be used; the message says what to do. */
export class NodeKeyError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'NodeKeyError'
  }
}

/**
 * Reads the key of the node in `dataDir`, and makes folder and key on the first start. One process at a time: a node
 * holds the lock of its store by then.
 * @throws NodeKeyError when the folder cannot be made or written, or the file is not a key.
 */
export const loadNodeKey = async (dataDir: string): Promise<NodeKey> => {
  const path = join(dataDir, KEY_FILE)
  try {
    await mkdir(dataDir, { recursive: true, mode: OWNER_ONLY_FOLDER })
    const isNew = await createKeyFile(path)
    const seed = new Uint8Array(await readFile(path))
    if (seed.length !== SEED_BYTES) {
      throw new NodeKeyError(
        `${path} has ${seed.length} bytes, a node key has ${SEED_BYTES}. Put it back from a backup; without it this node has another identity.`,
      )
    }
    const signer = nativeSigner(seed)
    const isExposed = ((await stat(path)).mode & OTHERS) !== 0
    return { seed, signer, nodeId: nodeIdOf(signer.publicKey), isNew, isExposed }
  } catch (error) {
    if (error instanceof NodeKeyError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new NodeKeyError(`the data directory ${dataDir} cannot be used: ${reason}`, { cause: error })
  }
}

/** Makes the key where there is none. In one step, so that a crash leaves a whole key or none; false where there was one. */
const createKeyFile = async (path: string): Promise<boolean> => {
  if (existsSync(path)) return false
  const draft = `${path}.${process.pid}.new`
  await rm(draft, { force: true })
  const file = await open(draft, 'wx', OWNER_ONLY_FILE)
  try {
    await file.writeFile(generateSeed())
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(draft, path)
  return true
}

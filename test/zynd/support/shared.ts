/** The three nodes that all sections of the contract share: starting them takes longer than most of the tests. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { Nodes } from './cluster.ts'

/** Opens what only an operator may do; the nodes know its digest. */
export const adminToken = `rca_${randomBytes(32).toString('base64url')}`

const folder = mkdtempSync(join(tmpdir(), 'rollcall-zynd-'))
const tokenFile = join(folder, 'admin-tokens')
const sha256 = createHash('sha256').update(adminToken).digest('hex')
writeFileSync(tokenFile, `${JSON.stringify({ id: 'test', sha256 })}\n`, { mode: 0o600 })

/** Silence after which an entity of the shared nodes is inactive. */
export const THRESHOLD_MS = 12_500

/**
 * Agents are on this machine too, and their cards are read anew while a test waits. Timestamps of whole seconds are up to a
 * second old when they are sent, and a busy machine adds to it: the skew is as large as the threshold allows (L11).
 */
const SETTINGS = [
  'heartbeat.max_clock_skew_seconds=3.5',
  `heartbeat.inactive_threshold_seconds=${THRESHOLD_MS / 1_000}`,
  'tombstone.retention_seconds=8',
  'cards.allow_private_addresses=true',
  'cards.max_age_seconds=1',
  `security.admin_token_file=${tokenFile}`,
]

export const nodes = await Nodes.start(3, SETTINGS)

after(async () => {
  await nodes.stop()
  rmSync(folder, { recursive: true })
})

/** The three nodes that all sections of the contract share: starting them takes longer than most of the tests. */
import { after } from 'node:test'
import { Nodes } from './cluster.ts'

/** Agents are on this machine too, and their cards are read anew while a test waits. */
const SETTINGS = ['cards.allow_private_addresses=true', 'cards.max_age_seconds=1']

export const nodes = await Nodes.start(3, SETTINGS)

after(() => nodes.stop())

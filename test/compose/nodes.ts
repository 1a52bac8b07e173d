/** The nodes of docker-compose.yml. */

export const NODES = ['node-a', 'node-b', 'node-c'] as const

export type NodeName = (typeof NODES)[number]

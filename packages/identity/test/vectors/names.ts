/** Ids and derived keys (I1, zynd-wire §1), computed with node:crypto and by hand rather than by the code they test. */
import { createHash } from 'node:crypto'
import { base64, developerKey, entityKey, hex, idHalf, join, nodeKey, peerId, text, u32 } from './ground.ts'

const idsOf = (publicKey: Uint8Array): Record<string, string> => ({
  public_key: hex(publicKey),
  text: `ed25519:${base64(publicKey)}`,
  agent: `zns:${idHalf(publicKey)}`,
  service: `zns:svc:${idHalf(publicKey)}`,
  developer: `zns:dev:${idHalf(publicKey)}`,
  registry: `zns:registry:${idHalf(publicKey)}`,
  node: peerId(publicKey),
})

const agent = idsOf(entityKey.publicKey).agent ?? ''
const node = idsOf(nodeKey.publicKey).node ?? ''
const keyText = idsOf(entityKey.publicKey).text ?? ''

export const idVectors = () => ({
  valid: [
    entityKey.publicKey,
    developerKey.publicKey,
    nodeKey.publicKey,
    new Uint8Array(32),
    new Uint8Array(32).fill(255),
  ].map(idsOf),
  invalid_entity_ids: [
    '',
    'zns:',
    agent.slice(0, -1),
    `${agent}0`,
    `${agent}\n`,
    ` ${agent}`,
    agent.toUpperCase(),
    agent.replace('zns:', 'agdns:'),
    agent.replace('zns:', 'zns:dev:'),
    agent.replace('zns:', 'zns:registry:'),
    agent.replace('zns:', 'zns:svc:svc:'),
    agent.replace(/.$/, 'g'),
  ],
  invalid_node_ids: [
    '',
    node.slice(0, -1),
    `${node}1`,
    `${node}\n`,
    node.replace(/.$/, '0'),
    node.replace(/.$/, 'l'),
    '12D3KooW',
    // A header that is not that of an Ed25519 key: taken, it would be a second id of this one.
    peerId(nodeKey.publicKey, '002408011221'),
    peerId(nodeKey.publicKey, '002408011222'),
    peerId(nodeKey.publicKey, '00240801121f'),
    peerId(nodeKey.publicKey, '002408021220'),
  ],
  invalid_keys: [
    '',
    keyText.slice('ed25519:'.length),
    keyText.replace('ed25519:', 'Ed25519:'),
    keyText.replace('ed25519:', 'ed25519: '),
    keyText.replace(/=+$/, ''),
    `${keyText}=`,
    `${keyText}\n`,
    keyText.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''),
    `ed25519:${base64(new Uint8Array(31).fill(1))}`,
    `ed25519:${base64(new Uint8Array(33).fill(1))}`,
    // The last character of 32 bytes has two bits to spare; here they are not zero.
    `ed25519:${base64(new Uint8Array(32).fill(1)).replace('E=', 'F=')}`,
  ],
})

const derived = (index: number) => {
  const input = join(developerKey.seed, text('zns:agent:'), u32(index))
  return { entity_index: index, seed: createHash('sha512').update(input).digest('hex').slice(0, 64) }
}

export const derivationVectors = () => ({
  developer_seed: hex(developerKey.seed),
  developer_public_key: hex(developerKey.publicKey),
  derived: [0, 1, 2, 255, 256, 65_536, 0x7fffffff, 0x80000000, 0xffffffff].map(derived),
  invalid_indexes: [-1, 0.5, 4_294_967_296, 1e300],
})

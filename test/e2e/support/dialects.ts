/** The three heartbeat sockets, told apart only here: what a test asks of one it asks of all. */
import { formatSignature, utf8 } from '@rollcall/protocol'
import { FrameSocket } from './frame-socket.ts'
import { NativeSession } from './native-agent.ts'
import type { ZyndAgent } from './zynd-agent.ts'

export interface BeatOptions {
  /** The time the beat claims. */
  readonly timeMs: number
  /** Whose key signs it; the agent's own if not given. */
  readonly signer?: ZyndAgent
}

export interface BeatSocket {
  readonly socket: FrameSocket
  /** A beat of the agent, as the text of a frame. */
  frame(options: BeatOptions): string
}

export interface Dialect {
  readonly name: 'zynd' | 'documented' | 'native'
  /** A socket that is ready for beats of this agent. */
  open(url: string, agent: ZyndAgent): Promise<BeatSocket>
}

const secondOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`

const signed = (agent: ZyndAgent, text: string): string => formatSignature(agent.signer.sign(utf8(text)))

export const zyndFrame = (agent: ZyndAgent, { timeMs, signer = agent }: BeatOptions): string => {
  const timestamp = secondOf(timeMs)
  return JSON.stringify({ timestamp, signature: signed(signer, timestamp) })
}

export const documentedFrame = (agent: ZyndAgent, { timeMs, signer = agent }: BeatOptions): string => {
  const timestamp = Math.floor(timeMs / 1000)
  const signature = signed(signer, `${agent.id}${timestamp}`)
  return JSON.stringify({ type: 'heartbeat', agent_id: agent.id, timestamp, signature })
}

export const DIALECTS: readonly Dialect[] = [
  {
    name: 'zynd',
    open: async (url, agent) => ({
      socket: await FrameSocket.open(`${url}/v1/entities/${agent.id}/ws?ack=1`),
      frame: (options) => zyndFrame(agent, options),
    }),
  },
  {
    name: 'documented',
    open: async (url, agent) => ({
      socket: await FrameSocket.open(`${url}/v1/heartbeat`),
      frame: (options) => documentedFrame(agent, options),
    }),
  },
  {
    name: 'native',
    open: async (url, agent) => {
      const session = await NativeSession.open(url, [agent])
      return { socket: session.socket, frame: (options) => session.frame(agent, options) }
    },
  },
]

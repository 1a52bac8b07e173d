/**
 * A WebSocket of the `ws` library that never closes without one of our codes and its reason.
 *
 * The library closes by itself when a frame breaks the protocol: 1009 too large, 1007 not UTF-8, 1002 and 1008 malformed.
 * It does so through `close(code)` without a reason, which is where those codes become ours. It then goes on reading and
 * discarding what the client has under way, so the close frame is not lost in a connection reset.
 */
import { CLOSE_CODES, type CloseReason } from '@rollcall/protocol'
import { WebSocket } from 'ws'

const BY_LIBRARY: ReadonlyMap<number | undefined, CloseReason> = new Map([
  [1009, 'frame_too_large'],
  [1002, 'malformed'],
  [1007, 'malformed'],
  [1008, 'malformed'],
])

export class GatewaySocket extends WebSocket {
  /** Called once, when this side begins to close. */
  onClosing: ((reason: CloseReason) => void) | undefined

  /** Begins the closing handshake. Does nothing where one has begun. */
  closeAs(reason: CloseReason): void {
    if (this.readyState !== WebSocket.OPEN) return
    super.close(CLOSE_CODES[reason].code, reason)
    this.onClosing?.(reason)
  }

  override close(code?: number, data?: string | Buffer): void {
    const reason = data === undefined ? BY_LIBRARY.get(code) : undefined
    if (reason === undefined) super.close(code, data)
    else this.closeAs(reason)
  }
}

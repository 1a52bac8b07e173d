/** The part of the WebSocket interface that the client uses: that of browsers, of Node 22 and of `ws`. */
export interface WebSocketLike {
  send(text: string): void
  close(code?: number, reason?: string): void
  addEventListener(type: 'open' | 'error', listener: (event: object) => void): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close', listener: (event: { readonly code: number; readonly reason: string }) => void): void
  /** Ends the connection without the closing handshake; only `ws` has it. */
  terminate?(): void
}

export type WebSocketClass = new (url: string) => WebSocketLike

/** The class of this platform. @throws Error on Node 20, which has none. */
export const platformWebSocket = (): WebSocketClass => {
  const found: unknown = globalThis.WebSocket
  if (typeof found === 'function') return found as WebSocketClass
  throw new Error('this platform has no WebSocket: pass `WebSocket`, on Node the one of @rollcall/client/node')
}

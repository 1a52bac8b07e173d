import { type Stream, StreamBufferError } from '@libp2p/interface'
import {
  InvalidDataLengthError,
  InvalidDataLengthLengthError,
  type LengthPrefixedStream,
  lpStream,
} from '@libp2p/utils'

/**
 * A stream carries questions one after the other, each a frame with its length in front, and after each its answer: a frame
 * that says what it is and, where it is `ANSWERED`, a second one with the body. After any other answer the asker closes it.
 */
export const ANSWERED: Uint8Array = Uint8Array.of(0)
/** The peer's handler failed, or it has too much to do. */
export const REFUSED: Uint8Array = Uint8Array.of(1)

/** Bytes that may lie unread beside a body: the lengths of its frames and the frame before it. */
const FRAME_OVERHEAD_BYTES = 64

/** The frames of a stream, of which none and no unread rest may be longer than `bodyBytesMax`. */
export const framesOf = (stream: Stream, bodyBytesMax: number): LengthPrefixedStream =>
  lpStream(stream, {
    maxDataLength: Math.max(1, bodyBytesMax),
    // Both caps are needed: the default of this one, 4 MiB, resets the stream in the middle of a longer frame.
    maxBufferSize: bodyBytesMax + FRAME_OVERHEAD_BYTES,
  })

/** Whether reading failed because the peer announced a frame over the cap, or sent more before it was announced. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof InvalidDataLengthError ||
  error instanceof InvalidDataLengthLengthError ||
  error instanceof StreamBufferError

/** What libp2p threw or an event rejected with, as an Error. */
export const toError = (thrown: unknown): Error => {
  if (thrown instanceof Error) return thrown
  const inner: unknown = typeof thrown === 'object' && thrown !== null ? Reflect.get(thrown, 'error') : undefined
  return inner instanceof Error ? inner : new Error('the stream was closed')
}

/** A line on a terminal that says what is being waited for, and goes when it is over. */
import type { Stream } from '../context.ts'

/** A quick answer needs no such line. */
const PATIENCE_MS = 300
const FRAME_MS = 120
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const CLEAR = '\u001b[2K\r'
/** From so many seconds on they are worth telling. */
const TELLING_SECONDS = 3

/** What the line says: a text, or what it is at each moment. */
export type ProgressText = string | (() => string)

/** Resolves as `work` does. Writes nothing where `work` is quick, or where `stream` is no terminal. */
export const showProgress = async <T>(stream: Stream, text: ProgressText, work: Promise<T>): Promise<T> => {
  if (stream.isTTY !== true) return work
  const startedMs = performance.now()
  let frame = 0
  const timer = setInterval(() => {
    const waitedMs = performance.now() - startedMs
    if (waitedMs < PATIENCE_MS) return
    const seconds = Math.floor(waitedMs / 1000)
    const words = typeof text === 'string' ? text : text()
    const since = seconds < TELLING_SECONDS ? '' : ` ${seconds} s`
    stream.write(`${CLEAR}${FRAMES[frame++ % FRAMES.length] ?? ''} ${words} …${since}`)
  }, FRAME_MS)
  try {
    return await work
  } finally {
    clearInterval(timer)
    if (frame > 0) stream.write(CLEAR)
  }
}

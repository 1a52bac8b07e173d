/** `promise`, or a rejection that says what was waited for in vain. */
export const within = async <T>(what: string, promise: Promise<T>, timeoutMs = 5_000): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Waits until `isSo`, looking again after every turn of the event loop. */
export const until = async (what: string, isSo: () => boolean, timeoutMs = 5_000): Promise<void> => {
  const deadlineMs = performance.now() + timeoutMs
  while (!isSo()) {
    if (performance.now() > deadlineMs) throw new Error(`${what} did not come within ${timeoutMs} ms`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

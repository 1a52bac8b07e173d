/**
 * Aborts `controller` when `signal` is, with its reason. Returns a function that ends that, so that a signal which lives as
 * long as its program gathers no listeners.
 */
export const follow = (controller: AbortController, signal: AbortSignal | undefined): (() => void) => {
  if (signal === undefined) return () => undefined
  const abort = (): void => controller.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  return () => signal.removeEventListener('abort', abort)
}

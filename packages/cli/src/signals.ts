/** What a terminal, a service manager or a container engine sends to end a process in order. */
const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof STOP_SIGNALS)[number]

/** Calls `stop` at each of them, instead of the end of the process. Returns a function that ends that. */
export const onStopSignal = (stop: (signal: StopSignal) => void): (() => void) => {
  for (const signal of STOP_SIGNALS) process.on(signal, stop)
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, stop)
  }
}

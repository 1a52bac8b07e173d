/** Milliseconds as a person reads them: `5.3 s`. */
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`

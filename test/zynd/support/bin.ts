/** The command as it is built. */
export const ROLLCALL_BIN = new URL('../../../packages/cli/bin/rollcall.js', import.meta.url)

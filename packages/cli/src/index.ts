/** The command `rollcall`. `main` is all of it: arguments in, exit code out. */
export { main } from './main.ts'

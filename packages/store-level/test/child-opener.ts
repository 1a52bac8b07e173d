/** Opens the store in the given folder and prints `open`, or the code of the error. */
import { StoreError } from '@rollcall/core'
import { LevelStore } from '../src/index.ts'

const store = new LevelStore({ location: String(process.argv[2]) })
try {
  await store.open()
  await store.close()
  console.log('open')
} catch (error) {
  console.log(error instanceof StoreError ? error.code : String(error))
}

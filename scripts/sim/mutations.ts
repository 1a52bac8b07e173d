export async function runMutations(): Promise<number> {
  return 0
}

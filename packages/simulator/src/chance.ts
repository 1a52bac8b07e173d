/** Draws that a simulated world makes often. */
import type { Random } from '@rollcall/core'

/** One of the choices. Throws where there is none. */
export const pick = <T>(random: Random, choices: readonly T[]): T => {
  const index = Math.floor(random.next() * choices.length)
  if (index >= choices.length) throw new RangeError('there is nothing to choose from')
  return choices[index] as T
}

/** A number in [min, max). */
export const between = (random: Random, min: number, max: number): number => min + (max - min) * random.next()

/** A waiting time with this mean: as events come that know nothing of one another. */
export const waitMs = (random: Random, meanMs: number): number => -Math.log(1 - random.next()) * meanMs

/** The choices in a random order (Fisher and Yates). */
export const shuffled = <T>(random: Random, choices: readonly T[]): T[] => {
  const left = [...choices]
  const order: T[] = []
  while (left.length > 0) order.push(...left.splice(Math.floor(random.next() * left.length), 1))
  return order
}

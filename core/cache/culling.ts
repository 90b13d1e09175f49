/** When to count the entries of a shared cache: often enough for MAX_ENTRIES to hold, not at every write. */
import { cullNumbers } from './parameters.ts'

export class Culling {
  readonly maxEntries: number
  readonly cullFrequency: number
  #writesUntilCount = 0

  /** @param options OPTIONS of the cache's entry */
  constructor(options: Readonly<Record<string, unknown>>) {
    const { maxEntries, cullFrequency } = cullNumbers(options)
    this.maxEntries = maxEntries
    this.cullFrequency = cullFrequency
  }

  /** Says, before that many entries are written, whether it is time to count those there are. */
  isDue(writes: number): boolean {
    this.#writesUntilCount -= writes
    return this.#writesUntilCount < 0
  }

  /** Tells how many entries there are now. */
  counted(entries: number): void {
    // Other processes write, too: of the room that is left, each of ten may use its share before it counts again.
    this.#writesUntilCount = Math.max(0, Math.floor((this.maxEntries - entries) / 10))
  }

  /** How many of so many entries have to go: all of them where the frequency is 0. */
  surplus(entries: number): number {
    return this.cullFrequency === 0 ? entries : Math.floor(entries / this.cullFrequency)
  }
}

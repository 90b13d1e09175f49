/** Runs one task at a time for each key, in this process, in the order of the calls. */

export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs `task` when all earlier tasks of the same key have ended, with or without an error. */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const result = before.then(task)
    const tail = result.then(
      () => {},
      () => {},
    )
    this.#tails.set(key, tail)
    try {
      return await result
    } finally {
      // The last task removes the entry.
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}

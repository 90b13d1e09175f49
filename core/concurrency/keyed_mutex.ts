/** One at a time for each key, in this process: a fair queue without a lock to forget. */

export class KeyedMutex {
  readonly #tails = new Map<string, Promise<void>>()

  /** Runs `task` when all tasks queued before it under the same key have ended, however they ended. */
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
      // The last one out leaves nothing behind.
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    }
  }
}

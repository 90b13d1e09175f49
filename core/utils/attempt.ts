/** Begins work, and gives what it throws at once as its promise's error, too. */
export function promiseTry<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work()
  } catch (error) {
    return Promise.reject(error)
  }
}

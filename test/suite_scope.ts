/** Keeps a function that restores its state when it ends, such as `overrideSettings`, open for a whole suite. */

/** Runs `inside` in a temporary state and restores the former state when the promise of `inside` settles. */
export type Scope = (inside: () => Promise<void>) => Promise<unknown>

/** Enters a scope. The returned function leaves it, and resolves when the former state is restored. */
export function enterScope(scope: Scope): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    let finish: () => void = () => {}
    const finished = new Promise<void>((done) => {
      finish = done
    })
    const left = scope(() => {
      resolve(async () => {
        finish()
        await left
      })
      return finished
    })
    left.catch(reject)
  })
}

/**
 * Runs all tests of a suite inside a scope. Call it inside the suite's `describe`. A suite that an earlier hook has
 * skipped never enters its scope, and so has nothing to leave.
 */
export function aroundSuite(scope: Scope): void {
  let leave: (() => Promise<void>) | undefined
  before(async () => {
    leave = await enterScope(scope)
  })
  after(() => leave?.())
}

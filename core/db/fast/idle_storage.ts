/**
 * Disables an AsyncLocalStorage while nothing runs in it, because Node reports every promise of the process to an enabled
 * one.
 */
import type { AsyncLocalStorage } from 'node:async_hooks'

/** `storage.run()`, followed by `storage.disable()` when no other call is running. */
export function runUntilIdle<Store>(
  storage: AsyncLocalStorage<Store>,
): <T>(store: Store, work: () => Promise<T>) => Promise<T> {
  let running = 0
  return async (store, work) => {
    running++
    try {
      return await storage.run(store, work)
    } finally {
      running--
      if (running === 0) storage.disable()
    }
  }
}

/**
 * Calls `step` before and after every call of a method, so that a test can run other work there. Synchronous methods
 * have no such points, so they are hidden and the asynchronous ones are used.
 */

export function withSteps<T extends object>(target: T, step: () => Promise<void>): T {
  return new Proxy(target, {
    get(_, name) {
      if (String(name).endsWith('Sync')) return undefined
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...args: unknown[]): Promise<unknown> => {
        await step()
        const result: unknown = await Reflect.apply(member, target, args)
        await step()
        return result
      }
    },
  })
}

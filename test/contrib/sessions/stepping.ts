/**
 * Objects whose every call has a moment before and a moment after it, at which a test lets others work. What does not
 * wait has no such moments, and is missing: all goes the way that waits.
 */

export function stepping<T extends object>(target: T, step: () => Promise<void>): T {
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

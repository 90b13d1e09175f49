/** Objects whose every call has a moment before and a moment after it, at which a test lets others work. */

export function stepping<T extends object>(target: T, step: () => Promise<void>): T {
  return new Proxy(target, {
    get(_, name) {
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

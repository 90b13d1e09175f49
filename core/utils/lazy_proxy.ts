/** Objects that stand for others: a collection by alias, and a default that is looked up at every use. */

/** `collection.alias` and `collection['alias']` are what `get(alias)` gives. */
export function proxyByAlias<T extends object>(get: (alias: string) => T): Readonly<Record<string, T>> {
  return new Proxy(Object.create(null) as Record<string, T>, {
    // A symbol, or the `then` that an await looks for, is nobody's alias.
    get: (_, alias) => (typeof alias === 'symbol' || alias === 'then' ? undefined : get(alias)),
  })
}

/** An object that is whatever `get()` gives at the moment: overridden settings reach who imported it before. */
export function lazyProxy<T extends object>(get: () => T): T {
  const current = (): Record<PropertyKey, unknown> => get() as Record<PropertyKey, unknown>
  // The target is a function so that what it stands for may be called, as a Knex instance is.
  return new Proxy(function standIn() {} as unknown as T, {
    get(_, name) {
      const value = current()[name]
      return typeof value === 'function' ? (value.bind(current()) as unknown) : value
    },
    has: (_, name) => name in current(),
    apply: (_, __, args: unknown[]) => (current() as unknown as (...args: unknown[]) => unknown)(...args),
  })
}

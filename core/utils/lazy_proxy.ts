/** Proxies that look an object up at each use, and marks on methods that templates must not call. */

/** An object whose property `alias` is `get(alias)`. */
export function proxyByAlias<T extends object>(get: (alias: string) => T): Readonly<Record<string, T>> {
  return new Proxy(Object.create(null) as Record<string, T>, {
    // `await` reads `then`, which is not an alias.
    get: (_, alias) => (typeof alias === 'symbol' || alias === 'then' ? undefined : get(alias)),
  })
}

/** A proxy for the result of `get()` at the time of each use, so that overridden settings affect modules that imported it. */
export function lazyProxy<T extends object>(get: () => T): T {
  const current = (): Record<PropertyKey, unknown> => get() as Record<PropertyKey, unknown>
  // The target is a function, so that the proxy can be called, as a Knex instance is.
  return new Proxy(function target() {} as unknown as T, {
    get(_, name) {
      const value = current()[name]
      return typeof value === 'function' ? (value.bind(current()) as unknown) : value
    },
    has: (_, name) => name in current(),
    apply: (_, __, args: unknown[]) => (current() as unknown as (...args: unknown[]) => unknown)(...args),
  })
}

/**
 * Marks methods that change data. Templates call the methods that they look up, but not these: they print nothing.
 * @param names own methods of the prototype
 * @throws TypeError for a name that is not an own method
 */
export function altersData(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value
    if (typeof method !== 'function') throw new TypeError(`altersData: there is no method '${name}'.`)
    Object.assign(method, { altersData: true })
  }
}

/** Django's `alters_data`: marks methods that templates must not call. */

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

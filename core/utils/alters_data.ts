/** Django's `alters_data`: marks methods that templates must not call. */

/**
 * Marks methods that change data. A template calls the methods that it finds, but prints nothing for these.
 * @param names the prototype's own methods
 * @throws TypeError for a name that is not one of them
 */
export function altersData(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value
    if (typeof method !== 'function') throw new TypeError(`altersData: there is no method '${name}'.`)
    Object.assign(method, { altersData: true })
  }
}

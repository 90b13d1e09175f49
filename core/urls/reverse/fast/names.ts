/** Remembers what names lead to: a site has few of them, and puts their patterns together at each look-up. */

type LookUp<Found> = (name: string, currentApp: string | undefined) => Found

/** A name that leads nowhere is not remembered: such names may come from anywhere, and would fill the memory. */
export function rememberNames<Found extends { readonly candidates: readonly unknown[] }>(
  lookUp: LookUp<Found>,
): LookUp<Found> {
  const known = new Map<string, Found>()
  return (name, currentApp) => {
    // Without a namespace, the application does not matter.
    const key = name.includes(':') ? `${currentApp ?? ''}\0${name}` : name
    let found = known.get(key)
    if (found === undefined) {
      found = lookUp(name, currentApp)
      if (found.candidates.length > 0) known.set(key, found)
    }
    return found
  }
}

/**
 * Replaces references in files with hashed names. A hashed name depends on the content, which depends on the names in
 * it, so all files are processed repeatedly until nothing changes.
 */
import path from 'node:path'
import { rewriterFor } from './references.ts'

export interface Rewriting {
  readonly baseUrl: string
  /** Maximum number of passes over all files. */
  readonly passes: number
  readonly kinds: { readonly modules: boolean }
  readonly hashedName: (name: string, content: Uint8Array) => string
  /** The stored name of a file that was not collected. Throws if the file does not exist. */
  readonly stored: (name: string) => string
}

interface Rewritten {
  readonly contents: ReadonlyMap<string, Buffer>
  readonly errors: readonly { readonly name: string; readonly error: Error }[]
}

function decoded(reference: string): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    return reference
  }
}

/** The new reference, or undefined if it does not refer to a static file. */
function converted(
  reference: string,
  name: string,
  baseUrl: string,
  storedName: (target: string) => string,
): string | undefined {
  // A URL with a scheme, including `data:`, or with a host.
  if (/^[a-z][a-z\d+.-]*:/i.test(reference) || reference.startsWith('//')) return undefined
  if (reference.startsWith('/') && !reference.startsWith(baseUrl)) return undefined
  const end = reference.search(/[?#]/)
  const file = end < 0 ? reference : reference.slice(0, end)
  if (file === '' || file.endsWith('/')) return undefined
  const target = file.startsWith('/') ? file.slice(baseUrl.length) : path.posix.join(path.posix.dirname(name), file)
  const folder = file.slice(0, file.lastIndexOf('/') + 1)
  return folder + path.posix.basename(storedName(decoded(target))) + (end < 0 ? '' : reference.slice(end))
}

/**
 * @param files files with references, by name
 * @param names hashed names by name, of these and all other files; updated in place
 */
export function rewriteAll(
  files: ReadonlyMap<string, Buffer>,
  names: Map<string, string>,
  { baseUrl, passes, kinds, hashedName, stored }: Rewriting,
): Rewritten {
  const contents = new Map<string, Buffer>()
  const sources = new Map<string, string>()
  for (const [name, bytes] of files) {
    try {
      sources.set(name, new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    } catch (cause) {
      return { contents, errors: [{ name, error: new Error(`${name} is not UTF-8.`, { cause }) }] }
    }
  }
  const storedName = (target: string): string => names.get(target) ?? stored(target)
  let changed: string[] = []
  for (let pass = 0; pass < passes; pass++) {
    changed = []
    for (const [name, source] of sources) {
      const convert = (reference: string): string | undefined => {
        try {
          return converted(reference, name, baseUrl, storedName)
        } catch (cause) {
          throw new Error(
            `The file '${name}' refers to '${reference}', which could not be found: ${(cause as Error).message}` +
              ' Is the reference right, seen from the place where the file lies?',
            { cause },
          )
        }
      }
      try {
        contents.set(name, Buffer.from(rewriterFor(name, kinds)?.rewrite(source, convert) ?? source))
      } catch (error) {
        return { contents: new Map(), errors: [{ name, error: error as Error }] }
      }
      const hashed = hashedName(name, contents.get(name) as Buffer)
      if (names.get(name) !== hashed) changed.push(name)
      names.set(name, hashed)
    }
    if (changed.length === 0) return { contents, errors: [] }
  }
  if (changed.length === 0) return { contents, errors: [] }
  const error = new Error(
    `Max post-process passes exceeded: after ${passes} passes these files still change, because they refer to each other or to themselves.`,
  )
  return { contents: new Map(), errors: [{ name: changed.toSorted().join(', '), error }] }
}

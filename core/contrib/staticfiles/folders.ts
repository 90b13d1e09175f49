/** Directories of static files, and the file name patterns of shells. No name leads out of a directory. */
import { readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'

// File name patterns as in a shell: `*`, `?`, `[a-z]`, `[!a-z]`; a star goes past slashes too, as in Python's fnmatch.

function partOf(pattern: string): string {
  if (pattern === '*') return '.*'
  if (pattern === '?') return '.'
  const set = /^\[(!?)(\]?[^\]]*)\]$/.exec(pattern)
  if (set === null) return pattern.replace(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
  const inside = (set[2] as string).replace(/[\\\]^]/g, String.raw`\$&`)
  return `[${set[1] === '!' ? '^' : ''}${inside}]`
}

function expression(pattern: string): RegExp {
  const parts = pattern.match(/\[!?\]?[^\]]*\]|[^]/g) ?? []
  return new RegExp(`^${parts.map(partOf).join('')}$`, 's')
}

/** Whether a name fits one of the patterns. */
export const matchesAny = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => expression(pattern).test(name))

/** The file of a name below a folder, whether it exists or not; undefined for a name that leads out. */
export function fileBelow(folder: string, name: string): string | undefined {
  if (name.includes('\0')) return undefined
  const root = path.resolve(folder)
  const file = path.resolve(root, name)
  return file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep) ? file : undefined
}

export const isFolder = (folder: string): boolean => statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false

/** Whether there is a file or folder; false too where the path leads through a file or is too long. */
export function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/**
 * The names, with slashes, of all files below a folder. Links are followed, as in Django; one that leads back to a
 * folder above it is not.
 * @param ignored patterns of files and folders that are left out, by their own name or the whole one
 */
export function* namesBelow(folder: string, ignored: readonly string[]): Generator<string> {
  yield* walk(folder, '', ignored, [])
}

function* walk(root: string, inside: string, ignored: readonly string[], above: readonly string[]): Generator<string> {
  const folder = realpathSync(path.join(root, inside))
  if (above.includes(folder)) return
  const folders: string[] = []
  for (const entry of readdirSync(folder).toSorted()) {
    const name = inside === '' ? entry : `${inside}/${entry}`
    if (matchesAny(entry, ignored) || matchesAny(name, ignored)) continue
    const stats = statSync(path.join(folder, entry), { throwIfNoEntry: false })
    if (stats?.isDirectory()) folders.push(name)
    else if (stats !== undefined) yield name
  }
  for (const name of folders) yield* walk(root, name, ignored, [...above, folder])
}

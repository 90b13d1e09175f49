/** Directories of static files, and shell-style file name patterns. No name leads out of a directory. */
import { readdirSync, realpathSync, statSync } from 'node:fs'
import path from 'node:path'

// Shell-style patterns: `*`, `?`, `[a-z]`, `[!a-z]`. A star matches slashes too, as in Python's fnmatch.

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

/** Whether a name matches one of the patterns. */
export const matchesAny = (name: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => expression(pattern).test(name))

/** The path of a name in a directory, even if it does not exist; undefined for a name that leads out of it. */
export function fileBelow(folder: string, name: string): string | undefined {
  if (name.includes('\0')) return undefined
  const root = path.resolve(folder)
  const file = path.resolve(root, name)
  return file === root || file.startsWith(root.endsWith(path.sep) ? root : root + path.sep) ? file : undefined
}

export const isFolder = (folder: string): boolean => statSync(folder, { throwIfNoEntry: false })?.isDirectory() ?? false

/** Whether a file or directory exists; also false if a parent is not a directory or the path is too long. */
export function exists(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

/**
 * The names of all files in a directory tree, separated by slashes. Links are followed, as in Django, except to an
 * ancestor directory.
 * @param ignored patterns of files and directories to skip, matched with the base name and the whole name
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

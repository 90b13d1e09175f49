/** File name patterns as in a shell: `*`, `?`, `[a-z]`, `[!a-z]`; a star goes past slashes too, as in Python's fnmatch. */

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

/** Remembers what paths without a parameter resolve to. */
import type { ResolverMatch } from '../../patterns/pattern.ts'

type Find = (path: string) => ResolverMatch | undefined

/** Resolves a path by `find` once, if nothing of the path goes into the result. There are as many as such routes. */
export function rememberExactPaths(find: Find): Find {
  const found = new Map<string, ResolverMatch>()
  return (path) => {
    const known = found.get(path)
    if (known !== undefined) return known
    const match = find(path)
    if (match?.isFixed === true) found.set(path, match)
    return match
  }
}

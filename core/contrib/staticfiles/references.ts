/** References from one static file to another: `url()` and `@import` in CSS, imports in JavaScript, source maps. */

/** Gives the reference to write instead; undefined leaves it as it is. */
type Replace = (reference: string) => string | undefined

interface Pattern {
  /** Its group `url` is the reference. */
  readonly find: RegExp
  /** What is written for a reference that is replaced; absent where only the reference itself changes. */
  readonly write?: (reference: string) => string
  /** Whether it looks into comments, where nothing else counts. */
  readonly isComment?: boolean
}

// What is written is Django's, so that both give a file the same hash.
const CSS: readonly Pattern[] = [
  { find: /url\(\s*(?<quote>['"]?)\s*(?<url>.*?)\s*\k<quote>\s*\)/gi, write: (url) => `url("${url}")` },
  { find: /@import\s*(?<quote>["'])\s*(?<url>.*?)\s*\k<quote>/gi, write: (url) => `@import url("${url}")` },
  {
    find: /^\/\*#[ \t]sourceMappingURL=(?<url>.*?)[ \t]*\*\/$/gm,
    write: (url) => `/*# sourceMappingURL=${url} */`,
    isComment: true,
  },
]

const SOURCE_MAP: Pattern = {
  find: /^\/\/# sourceMappingURL=(?<url>.*?)[ \t]*$/gm,
  write: (url) => `//# sourceMappingURL=${url}`,
  isComment: true,
}

// Only what begins with a dot or a slash is a file; a bare name is a package.
const IMPORTS: readonly Pattern[] = [
  { find: /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(?<quote>['"])(?<url>[./][^'"\n]*)\k<quote>/g },
  { find: /\bimport\s*(?<quote>['"])(?<url>[./][^'"\n]*)\k<quote>/g },
  { find: /\bimport\(\s*(?<quote>['"])(?<url>[./][^'"\n]*)\k<quote>\s*[,)]/g },
]

const CSS_COMMENT = /\/\*[^]*?\*\//g
// A text in a script may well contain two slashes, so only what begins a line is surely a comment.
const JS_COMMENT = /^[ \t]*(?:\/\/.*$|\/\*[^]*?\*\/)/gm

export interface Rewriter {
  rewrite(text: string, replace: Replace): string
}

function rewriter(patterns: readonly Pattern[], comment: RegExp): Rewriter {
  const apply = (text: string, { find, write, isComment = false }: Pattern, replace: Replace): string => {
    const comments = isComment ? [] : [...text.matchAll(comment)]
    const inComment = (at: number): boolean =>
      comments.some(({ index, 0: { length } }) => at >= index && at < index + length)
    return text.replace(find, (...found) => {
      const [matched, groups, at] = [found[0], found.at(-1) as { url: string }, found.at(-3) as number]
      if (inComment(at)) return matched
      const reference = replace(groups.url)
      if (reference === undefined) return matched
      if (write !== undefined) return write(reference)
      const start = matched.lastIndexOf(groups.url)
      return matched.slice(0, start) + reference + matched.slice(start + groups.url.length)
    })
  }
  return { rewrite: (text, replace) => patterns.reduce((result, pattern) => apply(result, pattern, replace), text) }
}

const STYLES = rewriter(CSS, CSS_COMMENT)
const SCRIPTS = rewriter([SOURCE_MAP], JS_COMMENT)
const MODULES = rewriter([...IMPORTS, SOURCE_MAP], JS_COMMENT)

/** What can rewrite the references of a file; undefined for a file that has none. */
export function rewriterFor(name: string, { modules }: { modules: boolean }): Rewriter | undefined {
  if (name.endsWith('.css')) return STYLES
  if (name.endsWith('.js') || (modules && name.endsWith('.mjs'))) return modules ? MODULES : SCRIPTS
  return undefined
}

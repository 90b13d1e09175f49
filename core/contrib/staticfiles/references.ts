/** References from one static file to another: `url()` and `@import` in CSS, imports in JavaScript, source maps. */
import { indexFinder, trimEndOf } from '#core/utils'

/** Returns the new reference, or undefined to keep the old one. */
type Replace = (reference: string) => string | undefined

/** A reference in a file, and the span of the file that is replaced. */
interface Found {
  readonly start: number
  readonly end: number
  readonly url: string
  /** The index of the reference itself. */
  readonly at: number
}

interface Pattern {
  /** Finds references from left to right, in linear time. */
  readonly find: (text: string) => Iterable<Found>
  /** Formats the replacement of the span; if absent, only the reference itself is replaced. */
  readonly write?: (reference: string) => string
  /** Whether it matches comments; all other patterns ignore them. */
  readonly isComment?: boolean
}

const BLANKS = /\s*/y

/** The index of the first character that is not whitespace. */
function skipBlanks(text: string, from: number): number {
  BLANKS.lastIndex = from
  BLANKS.test(text)
  return BLANKS.lastIndex
}

/** The trimmed string between two indexes, which must be on one line. */
function quoted(text: string, opening: number, closing: number, start: number): Found | undefined {
  if (closing < 0) return undefined
  const raw = text.slice(opening + 1, closing)
  const url = raw.trim()
  if (url.includes('\n')) return undefined
  return { start, end: closing + 1, url, at: opening + 1 + raw.length - raw.trimStart().length }
}

/** `url(x)`, `url("x")`, `url( 'x' )`. */
function* cssUrls(text: string): Generator<Found> {
  const closed = [')', '"', "'"].map((mark) => [mark, indexFinder(text, mark)] as const)
  const next = Object.fromEntries(closed)
  const opening = /url\(/gi
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const at = skipBlanks(text, opening.lastIndex)
    const quote = text[at] ?? ''
    const isQuoted = quote === '"' || quote === "'"
    const found = quoted(
      text,
      isQuoted ? at : at - 1,
      next[isQuoted ? quote : ')']?.(isQuoted ? at + 1 : at) ?? -1,
      match.index,
    )
    if (found === undefined) continue
    const end = isQuoted ? skipBlanks(text, found.end) + 1 : found.end
    if (text[end - 1] !== ')') continue
    opening.lastIndex = end
    yield { ...found, end }
  }
}

/** `@import "x"`. */
function* cssImports(text: string): Generator<Found> {
  const next = { '"': indexFinder(text, '"'), "'": indexFinder(text, "'") }
  for (const { 0: opening, index } of text.matchAll(/@import\s*["']/g)) {
    const at = index + opening.length - 1
    const found = quoted(text, at, next[text[at] as '"' | "'"](at + 1), index)
    if (found !== undefined) yield found
  }
}

/** Finds references by a regular expression with a group `url`. */
const matching = (pattern: RegExp): Pattern['find'] =>
  function* matches(text) {
    for (const match of text.matchAll(pattern)) {
      const raw = match.groups?.url ?? ''
      const url = trimEndOf(raw, ' \t')
      yield { start: match.index, end: match.index + match[0].length, url, at: match.index + match[0].indexOf(raw) }
    }
  }

const FROM = /\bfrom\s*(?:"(?<double>[./][^"'\n]*)"|'(?<single>[./][^"'\n]*)')/g
const BEFORE_FROM = /\b(?:import|export)\b/

/** `import x from './y'`, `export * from './y'`. */
function* modulesFrom(text: string): Generator<Found> {
  for (const match of text.matchAll(FROM)) {
    // The statement starts after the last quotation mark, parenthesis or semicolon.
    let start = match.index
    while (start > 0 && !'\'"`;()'.includes(text[start - 1] as string)) start--
    const keyword = BEFORE_FROM.exec(text.slice(start, match.index))
    const url = match.groups?.double ?? match.groups?.single ?? ''
    const end = match.index + match[0].length
    if (keyword !== null) yield { start: start + keyword.index, end, url, at: end - 1 - url.length }
  }
}

// The output equals Django's, so that files have the same hashes.
const CSS: readonly Pattern[] = [
  { find: cssUrls, write: (url) => `url("${url}")` },
  { find: cssImports, write: (url) => `@import url("${url}")` },
  {
    find: matching(/^\/\*#[ \t]sourceMappingURL=(?<url>.*)\*\/$/gm),
    write: (url) => `/*# sourceMappingURL=${url} */`,
    isComment: true,
  },
]

const SOURCE_MAP: Pattern = {
  find: matching(/^\/\/# sourceMappingURL=(?<url>.*)$/gm),
  write: (url) => `//# sourceMappingURL=${url}`,
  isComment: true,
}

// Only a specifier that starts with a dot or a slash is a file; a bare name is a package.
const IMPORTS: readonly Pattern[] = [
  { find: modulesFrom },
  { find: matching(/\bimport\s*(?<quote>['"])(?<url>[./][^'"\n]*)\k<quote>/g) },
  { find: matching(/\bimport\(\s*(?<quote>['"])(?<url>[./][^'"\n]*)\k<quote>\s*[,)]/g) },
]

type Span = readonly [start: number, end: number]

function* cssComments(text: string): Generator<Span> {
  for (let start = text.indexOf('/*'); start >= 0; ) {
    const close = text.indexOf('*/', start + 2)
    if (close < 0) return
    yield [start, close + 2]
    start = text.indexOf('/*', close + 2)
  }
}

// Strings in a script may contain two slashes, so only those at the start of a line are treated as comments.
function* jsComments(text: string): Generator<Span> {
  const nextClose = indexFinder(text, '*/')
  const opening = /^[ \t]*(\/\/.*|\/\*)/gm
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const close = match[1] === '/*' ? nextClose(opening.lastIndex) : opening.lastIndex - 2
    if (close < 0) continue
    opening.lastIndex = close + 2
    yield [match.index, close + 2]
  }
}

export interface Rewriter {
  rewrite(text: string, replace: Replace): string
}

function rewriter(patterns: readonly Pattern[], commentsIn: (text: string) => Iterable<Span>): Rewriter {
  const apply = (text: string, { find, write, isComment = false }: Pattern, replace: Replace): string => {
    const comments = isComment ? [] : [...commentsIn(text)]
    let passed = 0
    const inComment = (at: number): boolean => {
      while (passed < comments.length && (comments[passed] as Span)[1] <= at) passed++
      return passed < comments.length && at >= (comments[passed] as Span)[0]
    }
    let out = ''
    let from = 0
    for (const { start, end, url, at } of find(text)) {
      const reference = inComment(start) ? undefined : replace(url)
      if (reference === undefined) continue
      out += write === undefined ? text.slice(from, at) + reference : text.slice(from, start) + write(reference)
      from = write === undefined ? at + url.length : end
    }
    return out + text.slice(from)
  }
  return { rewrite: (text, replace) => patterns.reduce((result, pattern) => apply(result, pattern, replace), text) }
}

const STYLES = rewriter(CSS, cssComments)
const SCRIPTS = rewriter([SOURCE_MAP], jsComments)
const MODULES = rewriter([...IMPORTS, SOURCE_MAP], jsComments)

/** The rewriter for a file's type; undefined for types without references. */
export function rewriterFor(name: string, { modules }: { modules: boolean }): Rewriter | undefined {
  if (name.endsWith('.css')) return STYLES
  if (name.endsWith('.js') || (modules && name.endsWith('.mjs'))) return modules ? MODULES : SCRIPTS
  return undefined
}

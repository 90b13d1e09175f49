/** The entries of `urlpatterns`: the common interface of views and includes, URL templates, and path matches. */
import type { Converter } from './converters.ts'
import type { ResolverMatch as Match, View } from '#core/http'
import { limitTemplateAccess } from '#core/template'

// URL templates: the URLs of a pattern, with slots for values.

/** A slot for a value. Without a name it is filled by position. */
export interface TemplateSlot {
  readonly name: string | undefined
  readonly converter?: Converter | undefined
}

/** Literal strings and slots, in order. */
export type Template = readonly (string | TemplateSlot)[]

/** All concatenations of one alternative of each item: the Cartesian product. */
export function combine(items: readonly (readonly Template[])[]): Template[] {
  return items.reduce<Template[]>(
    (before, alternatives) => before.flatMap((start) => alternatives.map((end) => [...start, ...end])),
    [[]],
  )
}

/** The names of a template's slots in order; unnamed ones are called `_0`, `_1`, … */
export function slotNames(template: Template): string[] {
  let unnamed = 0
  return template.filter((part) => typeof part !== 'string').map(({ name }) => name ?? `_${unnamed++}`)
}

// The interface of route and regex patterns, which match the start of a path and can be reversed.

/** The match of a pattern at the start of a path. */
export interface MatchedStart {
  /** The rest of the path. */
  readonly rest: string
  /** Unnamed groups; empty if there are named ones. */
  readonly args: readonly (string | undefined)[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

export interface PathPattern {
  /** The route or expression as written. */
  readonly text: string
  /** The regular expression in Django's messages: Python's syntax, without a leading `^`. */
  readonly regexText: string
  /** Templates of URLs that it matches, in the order in which they are tried. */
  readonly templates: readonly Template[]
  /** The segments that every matching path starts with. Used by the resolver's index. */
  readonly literalSegments: readonly string[]
  /** Whether it matches only one string: a route without parameters. */
  readonly isLiteral: boolean
  /** Matches the start of a path, which is given without its leading slash. */
  match(path: string): MatchedStart | undefined
}

// The result of resolving a path.

interface Found {
  readonly func: View
  readonly args: Match['args']
  readonly kwargs: Match['kwargs']
  readonly urlName: string | undefined
  readonly appNames: readonly string[]
  readonly namespaces: readonly string[]
  readonly route: string
  readonly isFixed: boolean
}

export class ResolverMatch implements Match {
  readonly func: View
  readonly args: Match['args']
  readonly kwargs: Match['kwargs']
  readonly urlName: string | undefined
  readonly appNames: readonly string[]
  readonly namespaces: readonly string[]
  readonly route: string
  /** Whether it can be reused for every request, because it contains no part of the path. */
  readonly isFixed: boolean

  constructor({ func, args, kwargs, urlName, appNames, namespaces, route, isFixed }: Found) {
    this.func = func
    this.args = args
    this.kwargs = kwargs
    this.urlName = urlName
    this.appNames = appNames
    this.namespaces = namespaces
    this.route = route
    this.isFixed = isFixed
  }

  get appName(): string {
    return this.appNames.join(':')
  }

  get namespace(): string {
    return this.namespaces.join(':')
  }

  get viewName(): string {
    return [...this.namespaces, this.urlName ?? this.func.name].join(':')
  }
}

// Templates call functions that they find, so the view is hidden from them.
limitTemplateAccess(ResolverMatch.prototype, { members: ['appName', 'namespace', 'viewName'], hidden: ['func'] })

// The common interface of the entries of `urlpatterns`: views and includes.

export interface UrlEntry {
  readonly pattern: PathPattern
  /** Passed to the view, or to all included views, in addition to captured values. */
  readonly kwargs: Readonly<Record<string, unknown>>
  /** Resolves a path, which is given without its leading slash. */
  find(path: string): ResolverMatch | undefined
  /** The entries that were tried for a path, for the technical 404 page. */
  listTried(path: string): Tried[]
  /** The entry in messages: `'about/' [name='about']`. */
  describe(): string
}

/** The includes that matched, outermost first, then the entry that did not match. */
export type Tried = readonly UrlEntry[]

/** A list of results of `path` and `rePath`. */
export type UrlPatterns = readonly UrlEntry[]

export class URLPattern implements UrlEntry {
  readonly pattern: PathPattern
  readonly view: View
  readonly name: string | undefined
  /** Passed to the view in addition to captured values. They override captured values of the same name. */
  readonly kwargs: Readonly<Record<string, unknown>>

  constructor(pattern: PathPattern, view: View, kwargs: Readonly<Record<string, unknown>>, name: string | undefined) {
    this.pattern = pattern
    this.view = view
    this.kwargs = kwargs
    this.name = name
  }

  find(path: string): ResolverMatch | undefined {
    const matched = this.pattern.match(path)
    if (matched === undefined) return undefined
    return new ResolverMatch({
      func: this.view,
      args: matched.args,
      kwargs: { ...matched.kwargs, ...this.kwargs },
      urlName: this.name,
      appNames: [],
      namespaces: [],
      route: this.pattern.text,
      isFixed: this.pattern.isLiteral,
    })
  }

  listTried(): Tried[] {
    return [[this]]
  }

  describe(): string {
    return `'${this.pattern.text}'${this.name === undefined ? '' : ` [name='${this.name}']`}`
  }
}

/** The entries of `urlpatterns`: what views and includes share, URL templates, and the match of a path. */
import type { Converter } from './converters.ts'
import type { ResolverMatch as Match, View } from '#core/http'
import { limitTemplateAccess } from '#core/template'

// URL templates: the ways to write a URL for a pattern, with the places where values go.

/** A place for a value. Without a name it is filled by position. */
export interface TemplateSlot {
  readonly name: string | undefined
  readonly converter?: Converter | undefined
}

/** Literal texts and places, in order. */
export type Template = readonly (string | TemplateSlot)[]

/** Every way to put one alternative of each item after the other. */
export function combine(items: readonly (readonly Template[])[]): Template[] {
  return items.reduce<Template[]>(
    (before, alternatives) => before.flatMap((start) => alternatives.map((end) => [...start, ...end])),
    [[]],
  )
}

/** The names of a template's places in order; those without a name are called `_0`, `_1`, … */
export function slotNames(template: Template): string[] {
  let unnamed = 0
  return template.filter((part) => typeof part !== 'string').map(({ name }) => name ?? `_${unnamed++}`)
}

// What a pattern of a path can do, however it was written: match the start of a path, and be written out again.

/** What a pattern took from the start of a path. */
export interface MatchedStart {
  /** The path behind it. */
  readonly rest: string
  /** Groups without a name; empty where there are named ones. */
  readonly args: readonly (string | undefined)[]
  readonly kwargs: Readonly<Record<string, unknown>>
}

export interface PathPattern {
  /** As it was written. */
  readonly text: string
  /** As Django has it in its messages: Python's regular expression, without a `^` in front. */
  readonly regexText: string
  /** The ways to write a URL that it matches, the first one first. */
  readonly templates: readonly Template[]
  /** Segments with which every path that it matches begins; what the resolver's index goes by. */
  readonly literalSegments: readonly string[]
  /** Whether it matches one text alone. */
  readonly isLiteral: boolean
  /** Matches the start of a path, which comes without its first slash. */
  match(path: string): MatchedStart | undefined
}

// What the resolver found for a path.

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
  /** Whether it is the same at every request, because nothing of the path went into it. */
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

// A template calls the functions that it finds, and this one is the view.
limitTemplateAccess(ResolverMatch.prototype, { members: ['appName', 'namespace', 'viewName'], hidden: ['func'] })

// What the entries of `urlpatterns` have in common, whether they lead to a view or to further patterns.

export interface UrlEntry {
  readonly pattern: PathPattern
  /** Passed to the view, or to every view below, in addition to what the route captures. */
  readonly kwargs: Readonly<Record<string, unknown>>
  /** The match of a path that comes without its first slash. */
  find(path: string): ResolverMatch | undefined
  /** The ways that a path was tried in vain, for the page that explains a 404. */
  listTried(path: string): Tried[]
  /** As messages name it: `'about/' [name='about']`. */
  describe(): string
}

/** A way that was tried: the includes that matched, then the entry that did not. */
export type Tried = readonly UrlEntry[]

/** A list of what `path` and `rePath` give. */
export type UrlPatterns = readonly UrlEntry[]

export class URLPattern implements UrlEntry {
  readonly pattern: PathPattern
  readonly view: View
  readonly name: string | undefined
  /** Passed to the view in addition to what the route captures. These win over captured values of the same name. */
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

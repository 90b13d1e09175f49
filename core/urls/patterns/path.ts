/** `path` and `rePath`, and types that derive a view's params from its route. */
import type { ConverterTypes } from './converters.ts'
import { ImproperlyConfigured } from '#core/exceptions'
import type { View } from '#core/http'
import { formatValue } from '#core/utils'
import { Included } from './include.ts'
import { type PathPattern, URLPattern } from './pattern.ts'
import { RegexPattern } from './regex_pattern.ts'
import { URLResolver } from '../resolve/resolver.ts'
import { RoutePattern } from './route_pattern.ts'

// Derives the type of a view's params from the string of its route.

// The type of an undeclared converter is unknown: `never` is assignable to any param type of the view.
type ValueOf<C extends string> = C extends keyof ConverterTypes ? ConverterTypes[C] : never

type RouteParam<P extends string> = P extends `${infer C}:${infer Name}`
  ? { [K in Name]: ValueOf<C> }
  : { [K in P]: string }

type RouteParamsOf<R extends string> = R extends `${string}<${infer P}>${infer Rest}`
  ? RouteParam<P> & RouteParamsOf<Rest>
  : object

type Flat<T> = { [K in keyof T]: T[K] }

/** `RouteParams<'posts/<int:pk>/<slug>/'>` is `{ pk: number; slug: string }`; `never` if the route is not a literal. */
export type RouteParams<R extends string> = string extends R ? never : Flat<RouteParamsOf<R>>

export interface PathOptions<K extends object = object> {
  /** The name for `reverse` and `{% url %}`. */
  readonly name?: string | undefined
  /** Passed to the view in addition to what the route captures. */
  readonly kwargs?: K | undefined
}

function refuse(what: string, view: unknown): ImproperlyConfigured {
  const isModule = typeof view === 'object' && view !== null && ('urlpatterns' in view || Array.isArray(view))
  const remedy = isModule ? ' Put it into include().' : ''
  return new ImproperlyConfigured(
    `${what} needs a view (a function) or an include(), found ${isModule ? 'URL patterns' : formatValue(view)}.${remedy}`,
  )
}

function entry(
  what: string,
  patternFor: (isEndpoint: boolean) => PathPattern,
  view: unknown,
  { name, kwargs }: PathOptions,
): URLPattern | URLResolver {
  const extra = (kwargs ?? {}) as Record<string, unknown>
  if (view instanceof Included) return new URLResolver(patternFor(false), view, extra)
  if (typeof view === 'function') return new URLPattern(patternFor(true), view as View, extra, name)
  throw refuse(what, view)
}

/** Accepts views typed as plain `View`, without params; for all others the params are checked against the route. */
type ParamsUnknown<V extends View> = [Parameters<V>[1]] extends [never] ? V : never

/**
 * Maps a route to a view or an `include()`: `path('posts/<int:pk>/', detail, { name: 'post-detail' })`.
 * The view's params are checked against the route: this compiles if `detail` takes `{ pk: number }`, or no params.
 * @throws ImproperlyConfigured for an invalid route or view
 */
export function path<const R extends string, K extends object = object>(
  route: R,
  view: View<RouteParams<R> & NoInfer<K>> | Included,
  options?: PathOptions<K>,
): URLPattern | URLResolver
export function path<V extends View>(
  route: string,
  view: ParamsUnknown<V>,
  options?: PathOptions,
): URLPattern | URLResolver
export function path(route: unknown, view: unknown, options: PathOptions = {}): URLPattern | URLResolver {
  if (typeof route !== 'string') {
    throw new ImproperlyConfigured(
      `path() takes a route as text, found ${formatValue(route)}. For a RegExp there is rePath().`,
    )
  }
  return entry(`path('${route}')`, (isEndpoint) => new RoutePattern(route, isEndpoint), view, options)
}

/**
 * Maps a regular expression, a RegExp or a string in Python's syntax, to a view or an `include()`.
 * The view's params are the named groups that matched, as strings, or without named groups, all groups by index.
 * @throws ImproperlyConfigured for an invalid expression or view
 */
export function rePath(
  regex: RegExp | string,
  view: View | Included,
  options: PathOptions = {},
): URLPattern | URLResolver {
  if (typeof regex !== 'string' && !(regex instanceof RegExp)) {
    throw new ImproperlyConfigured(`rePath() takes a regular expression, found ${formatValue(regex)}.`)
  }
  return entry(`rePath('${String(regex)}')`, (isEndpoint) => new RegexPattern(regex, isEndpoint), view, options)
}

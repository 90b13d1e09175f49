/** `path` and `rePath`, and the types of params that are read from a route. */
import type { ConverterTypes } from './converters.ts'
import { ImproperlyConfigured } from '#core/exceptions'
import type { View } from '#core/http'
import { formatValue } from '#core/utils'
import { Included } from './include.ts'
import { type PathPattern, URLPattern } from './pattern.ts'
import { RegexPattern } from './regex_pattern.ts'
import { URLResolver } from '../resolve/resolver.ts'
import { RoutePattern } from './route_pattern.ts'

// The type of a view's params, read from the text of its route.

// A converter that the types do not know may give anything: `never` fits whatever the view says it takes.
type ValueOf<C extends string> = C extends keyof ConverterTypes ? ConverterTypes[C] : never

type RouteParam<P extends string> = P extends `${infer C}:${infer Name}`
  ? { [K in Name]: ValueOf<C> }
  : { [K in P]: string }

type RouteParamsOf<R extends string> = R extends `${string}<${infer P}>${infer Rest}`
  ? RouteParam<P> & RouteParamsOf<Rest>
  : object

type Flat<T> = { [K in keyof T]: T[K] }

/** `RouteParams<'posts/<int:pk>/<slug>/'>` is `{ pk: number; slug: string }`. A route that is no literal says nothing. */
export type RouteParams<R extends string> = string extends R ? never : Flat<RouteParamsOf<R>>

export interface PathOptions<K extends object = object> {
  /** By which `reverse` and `{% url %}` find the pattern. */
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

/** A view declared as a plain `View`, which says nothing of its params; any other is held to its route. */
type ParamsUntold<V extends View> = [Parameters<V>[1]] extends [never] ? V : never

/**
 * A view, or an `include()`, behind a route: `path('posts/<int:pk>/', detail, { name: 'post-detail' })`.
 * The view's params are typed by the route: this compiles if `detail` takes `{ pk: number }`, or no params.
 * @throws ImproperlyConfigured when the route or the view is not one
 */
export function path<const R extends string, K extends object = object>(
  route: R,
  view: View<RouteParams<R> & NoInfer<K>> | Included,
  options?: PathOptions<K>,
): URLPattern | URLResolver
export function path<V extends View>(
  route: string,
  view: ParamsUntold<V>,
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
 * A view, or an `include()`, behind a regular expression: a RegExp, or a text in Python's form.
 * Named groups are the view's params, as texts, those that took part; without any, the groups by their index.
 * @throws ImproperlyConfigured when the expression or the view is not one
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

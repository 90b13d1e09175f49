/** `path` and `rePath`: the entries of `urlpatterns`. */
import { ImproperlyConfigured } from '#core/exceptions'
import type { View } from '#core/http'
import { formatValue } from '#core/utils'
import { Included } from './include.ts'
import type { RouteParams } from './params.ts'
import type { PathPattern } from './path_pattern.ts'
import { URLPattern } from './pattern.ts'
import { RegexPattern } from './regex_pattern.ts'
import { URLResolver } from './resolver.ts'
import { RoutePattern } from './route_pattern.ts'

export interface PathOptions<K extends object = object> {
  /** By which `reverse` and `{% url %}` find the pattern. */
  readonly name?: string | undefined
  /** Given to the view beside what the route captures. */
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

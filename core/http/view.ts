/** What a view is, and what resolving a URL tells about it. */
import type { Request } from 'koa'
import type { HttpResponseBase } from './response.ts'

/** Koa's own request with Django's attributes, so that a Koa middleware and a view see one object. */
export type HttpRequest = Request

/** Marks that decorators put on a view, for middleware to read from `request.resolverMatch.func`. */
export interface ViewMarks {
  csrfExempt?: boolean
  sessionExempt?: boolean
  loginRequired?: boolean
  xframeOptionsExempt?: boolean
  shouldAppendSlash?: boolean
}

/**
 * A function that answers a request.
 * @template P the params that its route gives: the named ones by name, unnamed groups of a regular expression by
 * index. A plain `View` is one of whatever params.
 */
export interface View<P = never> extends ViewMarks {
  (request: HttpRequest, params: P): HttpResponseBase | Promise<HttpResponseBase>
}

/** What a URL was found to stand for. */
export interface ResolverMatch {
  readonly func: View
  /** Values of unnamed groups; empty where the route has named ones. */
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  /** Name of the pattern without its namespaces; undefined where it has none. */
  readonly urlName: string | undefined
  readonly appNames: readonly string[]
  readonly namespaces: readonly string[]
  /** Application namespaces joined by `:`. */
  readonly appName: string
  /** Instance namespaces joined by `:`. */
  readonly namespace: string
  /** Name with its namespaces, or the name of the view's function. */
  readonly viewName: string
  /** The patterns as written, joined. */
  readonly route: string
}

/** The types of views, and of Django's attributes on a request. */
import type { Request } from 'koa'
import type { HttpResponseBase } from './response.ts'
import type { FileMap } from './uploaded_file.ts'

/** Koa's request with Django's attributes. Koa middleware and views share this object. */
export type HttpRequest = Request

/** Flags that decorators set on a view. Middleware reads them from `request.resolverMatch.func`. */
export interface ViewMarks {
  csrfExempt?: boolean
  sessionExempt?: boolean
  loginRequired?: boolean
  xframeOptionsExempt?: boolean
  shouldAppendSlash?: boolean
}

/**
 * A function that returns the response to a request.
 * @template P the params of its route: named ones by name, unnamed groups of a regular expression by index. `View`
 * alone is a view with any params.
 */
export interface View<P = never> extends ViewMarks {
  (request: HttpRequest, params: P): HttpResponseBase | Promise<HttpResponseBase>
}

/** The result of resolving a URL. */
export interface ResolverMatch {
  readonly func: View
  /** Values of unnamed groups; empty if the route has named ones. */
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>
  /** Name of the pattern without its namespaces; undefined if it has none. */
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

export interface SignedCookieOptions {
  /** Returned if the cookie is absent, forged or too old, instead of an error. */
  readonly default?: string
  /** The salt that the cookie was set with. */
  readonly salt?: string
  /** Maximum age of the cookie in seconds. */
  readonly maxAge?: number
}

declare module 'koa' {
  interface BaseRequest {
    /** Fields of the query string. */
    readonly GET: URLSearchParams
    /** Fields of a form sent with POST; empty for any other request. */
    readonly POST: URLSearchParams
    /** Files of a form sent with POST, by field name. */
    readonly FILES: FileMap
    /** The cookies of the request, in an object without a prototype. */
    readonly COOKIES: Readonly<Record<string, string>>
    /**
     * The bytes of the body, or the result of a body parser from npm. Forms and JSON are read before the view runs, other
     * bodies by `await read()`. In a middleware, undefined until the body is read.
     * @throws UnsupportedMediaType in a view, if the body has not been read, or was read into POST and FILES
     * @throws BadRequest if it is nested too deeply
     */
    body: Buffer
    /** The result of resolving the URL; undefined if no pattern matches. */
    resolverMatch: ResolverMatch | undefined
    /** The path prefix of the site without a trailing slash: FORCE_SCRIPT_NAME, or empty. */
    readonly scriptName: string
    /** The path within the site, decoded: the path that is resolved. */
    readonly pathInfo: string
    /** `https` if `isSecure()`, otherwise `http`. */
    readonly scheme: string
    /**
     * The host as the client sent it, with its port if it has one.
     * @throws DisallowedHost if it is malformed or not in ALLOWED_HOSTS
     */
    getHost(): string
    /** The port of the request, as a string. */
    getPort(): string
    /** Whether the client used HTTPS: by SECURE_PROXY_SSL_HEADER if that is set and present, otherwise by the socket. */
    isSecure(): boolean
    /** Path and query, encoded for a link. */
    getFullPath(options?: { forceAppendSlash?: boolean }): string
    /** The absolute URL of this request, or of `location` relative to it. */
    buildAbsoluteUri(location?: string): string
    /**
     * The value of a cookie that `setSignedCookie` set.
     * @throws CookieMissing if it is absent, BadSignature if it is forged or too old, unless a default is given
     */
    getSignedCookie(name: string, options?: SignedCookieOptions): string
    /**
     * Reads the body once, within the DATA_UPLOAD limits; later calls wait for the first.
     * @throws RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, BadRequest, UnsupportedMediaType
     */
    read(): Promise<void>
    /**
     * The body as JSON.
     * @throws UnsupportedMediaType for another content type, BadRequest if it is not JSON
     */
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
    json<T = unknown>(): T
  }
}

type Call = (...args: Parameters<View>) => ReturnType<View>

/**
 * A view of the same name and with the same marks that does `call` instead; without `call`, what the view does. The view
 * itself is not changed, because it may be routed elsewhere without the wrapper.
 */
export function wrapView<V extends View>(view: V, marks: object = {}, call: Call = (...args) => view(...args)): V {
  // Urls name a match without a name after its function.
  const wrapped = Object.defineProperty((...args: Parameters<View>) => call(...args), 'name', { value: view.name })
  return Object.assign(wrapped, view, marks) as V
}

/** What a request has beyond Koa's own attributes: the types. */
import type { Request } from 'koa'
import type { HttpResponseBase } from './response.ts'
import type { FileMap } from './uploaded_file.ts'

// What a view is, and what resolving a URL tells about it.

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

export interface SignedCookieOptions {
  /** What to give where the cookie is absent, forged or too old, instead of an error. */
  readonly default?: string
  /** The salt that the cookie was set with. */
  readonly salt?: string
  /** The age, in seconds, over which the cookie is refused. */
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
    /** Cookies that came with the request, without a prototype. */
    readonly COOKIES: Readonly<Record<string, string>>
    /**
     * The body as it came, or as a body parser from npm has parsed it. Forms and JSON are read before the view runs,
     * others by `await read()`. In a middleware it is undefined before anything has been read.
     * @throws UnsupportedMediaType in a view, for a body that has not been read, and for one that was read into POST and FILES; BadRequest
     * for one that is nested too deeply
     */
    body: Buffer
    /** What the URL resolved to; undefined where nothing matches. */
    resolverMatch: ResolverMatch | undefined
    /** The path under which the site lies, without a final slash: FORCE_SCRIPT_NAME or empty. */
    readonly scriptName: string
    /** The path within the site with its percent-escapes decoded: what is resolved. */
    readonly pathInfo: string
    /** `http` or `https`, as `isSecure()` has it. */
    readonly scheme: string
    /**
     * The host as the client named it, with its port if it gave one.
     * @throws DisallowedHost when it is malformed or not in ALLOWED_HOSTS
     */
    getHost(): string
    /** The port that the request came in on, as text. */
    getPort(): string
    /** Whether the client used https, by SECURE_PROXY_SSL_HEADER where a proxy tells, else by the socket. */
    isSecure(): boolean
    /** Path and query, ready for a link. */
    getFullPath(options?: { forceAppendSlash?: boolean }): string
    /** A URL with scheme and host: of this request, or of `location` as seen from it. */
    buildAbsoluteUri(location?: string): string
    /**
     * The value of a cookie that `setSignedCookie` set.
     * @throws CookieMissing when it is absent, BadSignature when it is forged or too old, unless a default is given
     */
    getSignedCookie(name: string, options?: SignedCookieOptions): string
    /**
     * Reads the body once, within the DATA_UPLOAD limits; later calls wait for the first.
     * @throws RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, BadRequest, UnsupportedMediaType
     */
    read(): Promise<void>
    /**
     * The body as JSON.
     * @throws UnsupportedMediaType when its type is another, BadRequest when it is not JSON
     */
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters
    json<T = unknown>(): T
  }
}

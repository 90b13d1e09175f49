/** State that the framework keeps for a request. */
import type { Accepts } from 'accepts'
import type { ParsedUrlQuery } from 'node:querystring'
import type { HttpRequest, ResolverMatch } from './request.ts'
import type { FileMap } from './uploaded_file.ts'

/** The body, once it has been read. */
export interface ReadBody {
  /** Undefined if the bytes were parsed into files and fields, or read by a middleware. */
  readonly bytes: Buffer | undefined
  readonly post: URLSearchParams
  readonly files: FileMap
  /** Whether a parser from npm read it. */
  readonly isParsedElsewhere?: boolean
}

/** The parsed request target. */
export interface RequestTarget {
  /** The unparsed target. */
  readonly raw: string
  /** With percent-escapes, as sent. */
  readonly path: string
  /** Without the question mark. */
  readonly query: string
  /** Host and port of a target in absolute form (`GET http://example.com/ HTTP/1.1`). */
  readonly authority: string | undefined
  /** Why the request is refused, if it is. */
  readonly problem: string | undefined
  /** Whether it is a path, with or without a query, in printable ASCII. */
  readonly isPlain: boolean
}

export interface RequestState {
  target?: RequestTarget
  /** `ctx.query` of Koa, and the query string that it was parsed from. */
  query?: { readonly querystring: string; readonly fields: ParsedUrlQuery }
  /** What the client accepts. */
  accept?: Accepts
  get?: URLSearchParams
  cookies?: Readonly<Record<string, string>>
  path?: string
  match?: ResolverMatch | undefined
  reading?: Promise<ReadBody>
  body?: ReadBody
  /** The value that a parser from npm assigned to `request.body`. */
  parsed?: { readonly value: unknown }
  /** Whether the view has been called. Before that, a middleware may still read the body. */
  viewHasBegun?: boolean
}

const STATE = Symbol('nuages.request')

export function stateOf(request: HttpRequest): RequestState {
  const holder = request as HttpRequest & { [STATE]?: RequestState }
  return (holder[STATE] ??= {})
}

/** What is remembered of a request between two looks at it. */
import type { Accepts } from 'accepts'
import type { ParsedUrlQuery } from 'node:querystring'
import type { HttpRequest, ResolverMatch } from './request.ts'
import type { FileMap } from './uploaded_file.ts'

/** The body, once it has been read. */
export interface ReadBody {
  /** Undefined where the bytes went by: into files and fields, or to another middleware. */
  readonly bytes: Buffer | undefined
  readonly post: URLSearchParams
  readonly files: FileMap
  /** Whether a parser from npm has read it. */
  readonly isParsedElsewhere?: boolean
}

/** The parsed request target. */
export interface RequestTarget {
  /** What it was read from. */
  readonly raw: string
  /** With its percent-escapes, as sent. */
  readonly path: string
  /** Without its question mark. */
  readonly query: string
  /** Host and port of a target in absolute form (`GET http://example.com/ HTTP/1.1`). */
  readonly authority: string | undefined
  /** Why the request is refused, if it is. */
  readonly problem: string | undefined
  /** Whether it is a path with a query in printable ASCII, as nearly all are. */
  readonly isPlain: boolean
}

export interface RequestState {
  target?: RequestTarget
  /** The fields of a query string as Koa gives them. */
  query?: { readonly text: string; readonly fields: ParsedUrlQuery }
  /** What the client accepts. */
  accept?: Accepts
  get?: URLSearchParams
  cookies?: Readonly<Record<string, string>>
  path?: string
  match?: ResolverMatch | undefined
  reading?: Promise<ReadBody>
  body?: ReadBody
  /** What a parser other than ours put into `request.body`. */
  parsed?: { readonly value: unknown }
  /** Whether the view has been called: before that, the body may still be read by a middleware. */
  viewHasBegun?: boolean
}

const STATE = Symbol('nuages.request')

export function stateOf(request: HttpRequest): RequestState {
  const holder = request as HttpRequest & { [STATE]?: RequestState }
  return (holder[STATE] ??= {})
}

/** Replaces attributes of Koa that throw, or take too long, for some requests. */
import type { ParsedUrlQuery } from 'node:querystring'
import { Stream } from 'node:stream'
import type { Accepts } from 'accepts'
import type Koa from 'koa'
import type { Response } from 'koa'
import { setOwn } from '#core/serialization'
import { splitUrl } from '#core/web'
import { surviveErrorsOf } from '#core/utils'
import { acceptsOf } from './content_types.ts'
import { setPath, setQuery, targetOf } from './request_target.ts'
import { stateOf } from './request_state.ts'
import type { HttpRequest } from './request.ts'

/** Koa's version takes quadratic time. */
function fieldsOf(query: string): ParsedUrlQuery {
  const fields: ParsedUrlQuery = {}
  for (const [name, value] of new URLSearchParams(query)) {
    const before = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (Array.isArray(before)) before.push(value)
    else setOwn(fields, name, before === undefined ? value : [before, value])
  }
  return fields
}

/** Koa's versions use `url.parse`. All other attributes of Koa that need a path or a query use these. */
const requestOverrides: ThisType<HttpRequest> & object = {
  get path(): string {
    return targetOf(this).path
  },
  set path(path: string) {
    setPath(this, path)
  },
  get querystring(): string {
    // Koa also reads this on the prototype, which has no `req`.
    return (this.req as unknown) === undefined ? '' : targetOf(this).query
  },
  set querystring(query: string) {
    setQuery(this, query)
  },
  /** Koa's version reads headers of any length, which can take quadratic time. */
  get accept(): Accepts {
    return (stateOf(this).accept ??= acceptsOf(this.req.headers))
  },
  set accept(accept: Accepts) {
    stateOf(this).accept = accept
  },
}

function queryOf(request: HttpRequest): ParsedUrlQuery {
  const { querystring } = request
  const state = stateOf(request)
  if (state.query?.querystring !== querystring) state.query = { querystring, fields: fieldsOf(querystring) }
  return state.query.fields
}

const responseOverrides: ThisType<Response> & object = {
  /** Redirects to the referring page if it is on this site, otherwise to `alt`. */
  back(alt?: string): void {
    const referrer = this.ctx.get('Referrer')
    const parts = splitUrl(referrer)
    const isOwn = parts !== undefined && /^https?$/.test(parts.scheme) && parts.netloc === this.ctx.host
    this.redirect(isOwn && URL.canParse(referrer) ? referrer : alt || '/')
  },
}

/** An accessor of Koa, from the prototype of the application's object. */
const accessorOf = (object: object, name: string): PropertyDescriptor =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(object), name) as PropertyDescriptor

export function overrideKoa(app: Koa): void {
  const query = accessorOf(app.request, 'query')
  const body = accessorOf(app.response, 'body')
  Object.defineProperties(app.request, {
    ...Object.getOwnPropertyDescriptors(requestOverrides),
    query: {
      ...query,
      get(this: HttpRequest) {
        return queryOf(this)
      },
    },
  })
  Object.defineProperties(app.response, {
    ...Object.getOwnPropertyDescriptors(responseOverrides),
    body: {
      ...body,
      set(this: Response, value: unknown) {
        // Koa listens for errors only when it starts to send. A missing file may be reported earlier.
        if (value instanceof Stream) surviveErrorsOf(value)
        body.set?.call(this, value)
      },
    },
  })
}

/** Koa's response: copies a view's response to it, adds cookie methods, and tells when it has ended. */
import type { Response } from 'koa'
import type { Cookie, CookieOptions, DeleteCookieOptions } from '#core/web'
import { CookieJar, type SetSignedCookieOptions } from './cookie_jar.ts'
import { patchVaryHeaders } from './caching.ts'
import { HttpResponse, type HttpResponseBase } from './response.ts'
import { StreamingHttpResponse } from './streaming.ts'
import { setImmediate as nextIteration } from 'node:timers/promises'
import type { HttpRequest } from './request.ts'

// The cookie methods of HttpResponse on Koa's response, for middleware.

declare module 'koa' {
  interface BaseResponse {
    /**
     * Sets a cookie. A second call for the same name keeps the attributes that it does not set, except those that delete
     * it.
     */
    setCookie(name: string, value?: string, options?: CookieOptions): void
    /** Sets a signed cookie, which `request.getSignedCookie()` reads and clients cannot forge. */
    setSignedCookie(name: string, value: string, options?: SetSignedCookieOptions): void
    /** Makes the browser delete a cookie. Path and domain must be those with which it was set. */
    deleteCookie(name: string, options?: DeleteCookieOptions): void
  }
}

const JAR = Symbol('nuages.cookies')

/** The cookie jar of a response, created for its first cookie. */
function jarOf(response: Response): CookieJar {
  const holder = response as Response & { [JAR]?: CookieJar }
  return (holder[JAR] ??= new CookieJar())
}

/** Adds a Set-Cookie header, or replaces one of the same name, which another middleware may have added. */
function write(response: Response, cookie: Cookie): void {
  const header = response.res.getHeader('Set-Cookie')
  const lines = header === undefined ? [] : Array.isArray(header) ? [...header] : [String(header)]
  const at = lines.findIndex((line) => line.startsWith(`${cookie.key}=`))
  if (at < 0) lines.push(String(cookie))
  else lines[at] = String(cookie)
  response.res.setHeader('Set-Cookie', lines)
}

/** Adds the cookies of an HttpResponse. */
function putCookies(response: Response, cookies: CookieJar): void {
  const jar = jarOf(response)
  for (const cookie of cookies) write(response, jar.put(cookie))
}

export const responseAttributes: ThisType<Response> & object = {
  setCookie(name: string, value = '', options: CookieOptions = {}): void {
    write(this, jarOf(this).set(name, value, options))
  },
  setSignedCookie(name: string, value: string, options: SetSignedCookieOptions = {}): void {
    write(this, jarOf(this).setSigned(name, value, options))
  },
  deleteCookie(name: string, options: DeleteCookieOptions = {}): void {
    write(this, jarOf(this).delete(name, options))
  },
}

/** Copies a view's response to Koa's response: status, headers, cookies and content. */
export function applyResponse(from: HttpResponseBase, response: Response): void {
  const { res } = response
  response.status = from.status
  // A middleware may have set Vary on the way in.
  const varies = res.hasHeader('Vary')
  for (const [name, value] of from.headers.entries()) {
    if (varies && name.toLowerCase() === 'vary') patchVaryHeaders(response, value.split(','))
    else res.setHeader(name, value)
  }
  if (from.hasCookies) putCookies(response, from.cookies)
  if (from instanceof HttpResponse) {
    const hasType = from.headers.has('Content-Type')
    response.body = from.rawContent
    // Koa sets a type if the view has removed it.
    if (!hasType) res.removeHeader('Content-Type')
  } else if (from instanceof StreamingHttpResponse) {
    const length = from.headers.get('Content-Length')
    response.body = from.stream
    // Koa removes Content-Length when the body is a stream.
    if (length !== undefined) res.setHeader('Content-Length', length)
  }
}

/** Milliseconds after which a response counts as never sent, such as the response of a view that a test calls. */
const LONGEST_WAIT = 10_000

/**
 * Resolves in a later iteration of the event loop, after the response was sent or aborted: for work that the client must
 * neither wait for nor be able to measure.
 */
export async function responseClosed({ res }: HttpRequest): Promise<void> {
  if (!res.destroyed && !res.closed) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, LONGEST_WAIT)
      res.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }
  await nextIteration()
}

/** Puts a view's answer into Koa's response, where the middleware on the way out find it. */
import type { Response } from 'koa'
import type { Cookie, CookieOptions, DeleteCookieOptions } from '#core/web'
import { CookieJar, type SetSignedCookieOptions } from './cookie_jar.ts'
import { patchVaryHeaders } from './caching.ts'
import { HttpResponse, type HttpResponseBase } from './response.ts'
import { StreamingHttpResponse } from './streaming.ts'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { HttpRequest } from './request.ts'

// Cookies on Koa's own response: what HttpResponse has, for middleware that sees no HttpResponse.

declare module 'koa' {
  interface BaseResponse {
    /** Sets a cookie; a second call for the same name adds to what the first one set. */
    setCookie(name: string, value?: string, options?: CookieOptions): void
    /** Sets a cookie that `request.getSignedCookie()` reads, and that nobody else can make. */
    setSignedCookie(name: string, value: string, options?: SetSignedCookieOptions): void
    /** Tells the browser to drop a cookie: path and domain must be those it was set with. */
    deleteCookie(name: string, options?: DeleteCookieOptions): void
  }
}

const JAR = Symbol('nuages.cookies')

/** The jar of a response, made when its first cookie is set. */
function jarOf(response: Response): CookieJar {
  const holder = response as Response & { [JAR]?: CookieJar }
  return (holder[JAR] ??= new CookieJar())
}

/** Writes a cookie's line in the place of an earlier one of its name, which another middleware may have written. */
function write(response: Response, cookie: Cookie): void {
  const header = response.res.getHeader('Set-Cookie')
  const lines = header === undefined ? [] : Array.isArray(header) ? [...header] : [String(header)]
  const at = lines.findIndex((line) => line.startsWith(`${cookie.key}=`))
  if (at < 0) lines.push(String(cookie))
  else lines[at] = String(cookie)
  response.res.setHeader('Set-Cookie', lines)
}

/** Takes over the cookies of an HttpResponse. */
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

export function applyResponse(answer: HttpResponseBase, response: Response): void {
  const { res } = response
  response.status = answer.status
  // A middleware may have said on the way in what its part of the answer varies on.
  const varies = res.hasHeader('Vary')
  for (const [name, value] of answer.headers.entries()) {
    if (varies && name.toLowerCase() === 'vary') patchVaryHeaders(response, value.split(','))
    else res.setHeader(name, value)
  }
  if (answer.hasCookies) putCookies(response, answer.cookies)
  if (answer instanceof HttpResponse) {
    const hasType = answer.headers.has('Content-Type')
    response.body = answer.rawContent
    // Koa guesses a type where the view took it away.
    if (!hasType) res.removeHeader('Content-Type')
  } else if (answer instanceof StreamingHttpResponse) {
    const length = answer.headers.get('Content-Length')
    response.body = answer.stream
    // Koa drops the length of what a stream replaces.
    if (length !== undefined) res.setHeader('Content-Length', length)
  }
}

// When a response has ended: for work that the client must neither wait for nor be able to measure.

/** Milliseconds after which a response counts as one that is never sent, such as that of a view that a test calls. */
const LONGEST_WAIT = 10_000

/** Resolves in a later turn of the event loop after the response was sent or aborted. */
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
  await nextTurn()
}

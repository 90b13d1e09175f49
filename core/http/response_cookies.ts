/** Cookies on Koa's own response: what HttpResponse has, for middleware that sees no HttpResponse. */
import type { Response } from 'koa'
import type { Cookie, CookieOptions, DeleteCookieOptions } from '#core/utils'
import { CookieJar, type SetSignedCookieOptions } from './cookie_jar.ts'

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
export function putCookies(response: Response, cookies: CookieJar): void {
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

/** Where the staticfiles app puts the middleware that serves its files in development. */
import type { Middleware } from 'koa'
import { settings } from '#core/conf'

let make: (() => Middleware | undefined) | undefined

/** Has static files served in development by a middleware, in front of all others; the staticfiles app calls it. */
export function serveStaticFilesWith(factory: () => Middleware | undefined): void {
  make = factory
}

/**
 * The middleware that serves static files, where there is one.
 * @param serve whether they are served at all; as DEBUG says where undefined
 */
export const staticFilesMiddleware = (serve: boolean = settings.DEBUG): Middleware[] => {
  const middleware = serve ? make?.() : undefined
  return middleware === undefined ? [] : [middleware]
}

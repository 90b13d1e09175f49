/** Sends X-Frame-Options, so that other sites cannot show pages in a frame. */
import type { Middleware } from 'koa'
import { settings } from '#core/conf'
import { type View, wrapView } from '#core/http'

const HEADER = 'X-Frame-Options'

/** The middleware as MIDDLEWARE names it. */
export function XFrameOptionsMiddleware(): Middleware {
  const value = settings.X_FRAME_OPTIONS.toUpperCase()
  return function clickjacking({ request, response }, next) {
    // Set before the view runs: the view can override it, and error responses have it too.
    if (request.resolverMatch?.func.xframeOptionsExempt !== true) response.res.setHeader(HEADER, value)
    return next()
  }
}

/** Exempts a view from X-Frame-Options, so that any site may show it in a frame. */
export const xframeOptionsExempt = <V extends View>(view: V): V => wrapView(view, { xframeOptionsExempt: true })

function withValue<V extends View>(view: V, value: string): V {
  return wrapView(view, {}, async (request, params) => {
    const response = await view(request, params)
    response.headers.setDefault(HEADER, value)
    return response
  })
}

/** No site may show this view in a frame, whatever X_FRAME_OPTIONS says. */
export const xframeOptionsDeny = <V extends View>(view: V): V => withValue(view, 'DENY')

/** Only this site may show this view in a frame, whatever X_FRAME_OPTIONS says. */
export const xframeOptionsSameorigin = <V extends View>(view: V): V => withValue(view, 'SAMEORIGIN')

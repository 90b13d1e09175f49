/** Forbids other sites to show our pages in a frame, by X-Frame-Options. */
import type { Middleware } from 'koa'
import { settings } from '#core/conf'
import { type View, wrapView } from '#core/http'

const HEADER = 'X-Frame-Options'

/** The middleware as MIDDLEWARE names it. */
export function XFrameOptionsMiddleware(): Middleware {
  const value = settings.X_FRAME_OPTIONS.toUpperCase()
  return function clickjacking({ request, response }, next) {
    // Set on the way in: the view's own value wins, and an answer to a failure further in has it too.
    if (request.resolverMatch?.func.xframeOptionsExempt !== true) response.res.setHeader(HEADER, value)
    return next()
  }
}

/** Marks a view: any site may show it in a frame. */
export const xframeOptionsExempt = <V extends View>(view: V): V => wrapView(view, { xframeOptionsExempt: true })

function withValue<V extends View>(view: V, value: string): V {
  return wrapView(view, {}, async (request, params) => {
    const answer = await view(request, params)
    answer.headers.setDefault(HEADER, value)
    return answer
  })
}

/** No site may show this view in a frame, whatever X_FRAME_OPTIONS says. */
export const xframeOptionsDeny = <V extends View>(view: V): V => withValue(view, 'DENY')

/** This site alone may show this view in a frame, whatever X_FRAME_OPTIONS says. */
export const xframeOptionsSameorigin = <V extends View>(view: V): V => withValue(view, 'SAMEORIGIN')

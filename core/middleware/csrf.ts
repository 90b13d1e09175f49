/** Refuses requests that another site has made in a visitor's name. */
import type { Middleware } from 'koa'
import { settings } from '#core/conf'
import { applyResponse, type HttpRequest } from '#core/http'
import { canonicalName } from '#core/utils'
import { csrfProblem, failureView, refuse } from './csrf_check.ts'
import { beginCsrf, sendSecret } from './csrf_state.ts'

export { getToken, rotateToken } from './csrf_state.ts'

/** Whether Koa middleware of other kinds stands further in, which may answer without a view: a router from npm. */
function othersMayAnswer(): boolean {
  const at = settings.MIDDLEWARE.findIndex(
    (entry) => typeof entry === 'string' && canonicalName(entry) === 'core.middleware.csrf.CsrfViewMiddleware',
  )
  return settings.MIDDLEWARE.slice(at + 1).some((entry) => typeof entry === 'function' || !entry.includes('.'))
}

/** The middleware as MIDDLEWARE names it. */
export function CsrfViewMiddleware(): Middleware {
  const onFailure = failureView()
  const checksUnresolved = othersMayAnswer()
  const mustCheck = ({ resolverMatch }: HttpRequest): boolean =>
    resolverMatch === undefined ? checksUnresolved : resolverMatch.func.csrfExempt !== true
  return async function csrf({ request, response }, next) {
    beginCsrf(request)
    const reason = mustCheck(request) ? await csrfProblem(request) : undefined
    if (reason === undefined) await next()
    else applyResponse(await refuse(request, reason, onFailure), response)
    sendSecret(request, response)
  }
}

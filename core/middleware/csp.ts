/** Tells browsers, by Content-Security-Policy, from where a page may load what. */
import { randomBytes } from 'node:crypto'
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { type HttpRequest, type View, wrapView } from '#core/http'
import { buildPolicy, CSP, type CspPolicy } from '#core/web'

declare module 'koa' {
  interface BaseRequest {
    /** The nonce of this answer's inline scripts and styles, made when it is first asked for. */
    readonly cspNonce: string
  }
}

interface PolicyMarks {
  readonly cspPolicy?: CspPolicy
  readonly cspReportOnlyPolicy?: CspPolicy
}

/** A view with a policy of its own in the place of SECURE_CSP; `{}` for none. */
export const cspOverride =
  (cspPolicy: CspPolicy) =>
  <V extends View>(view: V): V =>
    wrapView(view, { cspPolicy })

/** A view with a policy of its own in the place of SECURE_CSP_REPORT_ONLY; `{}` for none. */
export const cspReportOnlyOverride =
  (cspReportOnlyPolicy: CspPolicy) =>
  <V extends View>(view: V): V =>
    wrapView(view, { cspReportOnlyPolicy })

/** Gives a request its nonce, and reports afterwards whether it was used. */
function offerNonce(request: HttpRequest): () => string | undefined {
  let nonce: string | undefined
  Object.defineProperty(request, 'cspNonce', {
    configurable: true,
    get: () => (nonce ??= randomBytes(16).toString('base64url')),
  })
  return () => nonce
}

function send(response: Response, name: string, policy: CspPolicy, nonce: string | undefined): void {
  if (response.res.hasHeader(name)) return
  const text = buildPolicy(policy, nonce)
  if (text !== '') response.set(name, text)
}

/** Technical pages bring their style along, which an ordinary policy would forbid. */
const mayBeTechnicalPage = ({ status }: Response): boolean =>
  settings.DEBUG && (status === 400 || status === 404 || status === 500)

/** The middleware as MIDDLEWARE names it. */
export function ContentSecurityPolicyMiddleware(): Middleware {
  const { SECURE_CSP: enforced, SECURE_CSP_REPORT_ONLY: reported } = settings
  return async function csp({ request, response }, next) {
    const usedNonce = offerNonce(request)
    let failed = true
    try {
      await next()
      failed = false
    } finally {
      // The answer to a failure further in is made further out, and needs the policy no less.
      if (!response.headerSent && (failed ? !settings.DEBUG : !mayBeTechnicalPage(response))) {
        const { cspPolicy, cspReportOnlyPolicy } = (request.resolverMatch?.func ?? {}) as PolicyMarks
        send(response, CSP.HEADER_ENFORCE, cspPolicy ?? enforced, usedNonce())
        send(response, CSP.HEADER_REPORT_ONLY, cspReportOnlyPolicy ?? reported, usedNonce())
      }
    }
  }
}

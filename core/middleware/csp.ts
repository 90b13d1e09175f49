/** Sends Content-Security-Policy, with a nonce for the response if one was used. */
import { randomBytes } from 'node:crypto'
import type { Middleware, Response } from 'koa'
import { settings } from '#core/conf'
import { type HttpRequest, type View, wrapView } from '#core/http'
import { buildPolicy, CSP, type CspPolicy } from '#core/web'

declare module 'koa' {
  interface BaseRequest {
    /** The nonce for inline scripts and styles of this response, created on first access. */
    readonly cspNonce: string
  }
}

interface PolicyMarks {
  readonly cspPolicy?: CspPolicy
  readonly cspReportOnlyPolicy?: CspPolicy
}

/** A decorator: replaces SECURE_CSP for a view; `{}` sends no policy. */
export const cspOverride =
  (cspPolicy: CspPolicy) =>
  <V extends View>(view: V): V =>
    wrapView(view, { cspPolicy })

/** A decorator: replaces SECURE_CSP_REPORT_ONLY for a view; `{}` sends no policy. */
export const cspReportOnlyOverride =
  (cspReportOnlyPolicy: CspPolicy) =>
  <V extends View>(view: V): V =>
    wrapView(view, { cspReportOnlyPolicy })

/** Adds `cspNonce` to a request. @returns a function that returns the nonce, or undefined if it was not accessed */
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
  const value = buildPolicy(policy, nonce)
  if (value !== '') response.set(name, value)
}

/** Technical pages have inline styles, which most policies forbid. */
const mayBeTechnicalPage = ({ status }: Response): boolean =>
  settings.DEBUG && (status === 400 || status === 404 || status === 500)

/** The middleware for MIDDLEWARE. */
export function ContentSecurityPolicyMiddleware(): Middleware {
  const { SECURE_CSP: enforced, SECURE_CSP_REPORT_ONLY: reported } = settings
  return async function csp({ request, response }, next) {
    const usedNonce = offerNonce(request)
    let failed = true
    try {
      await next()
      failed = false
    } finally {
      // The response to an error is created by an outer middleware and needs the policy too.
      if (!response.headerSent && (failed ? !settings.DEBUG : !mayBeTechnicalPage(response))) {
        const { cspPolicy, cspReportOnlyPolicy } = (request.resolverMatch?.func ?? {}) as PolicyMarks
        send(response, CSP.HEADER_ENFORCE, cspPolicy ?? enforced, usedNonce())
        send(response, CSP.HEADER_REPORT_ONLY, cspReportOnlyPolicy ?? reported, usedNonce())
      }
    }
  }
}

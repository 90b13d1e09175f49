/** CSRF protection: the middleware, the check of Origin, Referer and token, and the decorators of views. */
import { cachedFromSettings, loadedFromSettings, loadNamed, type Requirement, settings } from '#core/conf'
import {
  applyResponse,
  type HttpRequest,
  type HttpResponseBase,
  isReadBeforeView,
  type View,
  wrapView,
} from '#core/http'
import { isSameDomain, splitUrl, type UrlParts } from '#core/web'
import type { IncomingMessage } from 'node:http'
import { markAsLogged, pathForLog } from '#core/handlers'
import { canonicalName, getLogger, isClass } from '#core/utils'
import {
  beginCsrf,
  csrfStateOf,
  formatProblem,
  getToken,
  loadSessionForCsrf,
  sendSecret,
  sentSecret,
  tokenMatches,
} from './csrf_tokens.ts'
import { hintAtProxy } from './security.ts'
import type { Middleware } from 'koa'
export { getToken, rotateToken } from './csrf_tokens.ts'

// Whether a request comes from a page of ours, or of a site that we trust: by Origin, else by Referer.

// The texts are Django's: people look them up.
const NO_REFERER = 'Referer checking failed - no Referer.'
const MALFORMED_REFERER = 'Referer checking failed - Referer is malformed.'
const INSECURE_REFERER = 'Referer checking failed - Referer is insecure while host is secure.'

/** CSRF_TRUSTED_ORIGINS, taken apart once. */
const trusted = cachedFromSettings(() => {
  const origins = settings.CSRF_TRUSTED_ORIGINS
  const patterns = origins.map((origin) => {
    const { scheme = '', netloc = '' } = splitUrl(origin) ?? {}
    // `https://*.example.com` stands for `.example.com`, the domain and all below it.
    return { origin, scheme, host: netloc.replace(/^\*+/, '') }
  })
  return {
    exact: new Set(origins.filter((origin) => !origin.includes('*'))),
    wildcards: patterns.filter(({ origin }) => origin.includes('*')),
    hosts: patterns.map(({ host }) => host),
  }
})

function isTrustedOrigin(request: HttpRequest, origin: string): boolean {
  if (origin === `${request.scheme}://${request.getHost()}`) return true
  const { exact, wildcards } = trusted()
  if (exact.has(origin)) return true
  const parts = splitUrl(origin)
  if (parts === undefined) return false
  return wildcards.some(({ scheme, host }) => scheme === parts.scheme && isSameDomain(parts.netloc, host))
}

/** The host, with its port, that a Referer must name where it is none of the trusted. */
function expectedHost(request: HttpRequest): string {
  const domain = settings.CSRF_USE_SESSIONS ? settings.SESSION_COOKIE_DOMAIN : settings.CSRF_COOKIE_DOMAIN
  if (domain === null) return request.getHost()
  const port = request.getPort()
  return ['443', '80', ''].includes(port) ? domain : `${domain}:${port}`
}

const asUrl = ({ scheme, netloc, path, query, fragment }: UrlParts): string =>
  `${scheme}://${netloc}${path}${query && `?${query}`}${fragment && `#${fragment}`}`

function problemWithReferer(request: HttpRequest): string | undefined {
  const { referer } = request.req.headers
  if (referer === undefined) return NO_REFERER
  const parts = splitUrl(referer)
  if (parts === undefined || parts.scheme === '' || parts.netloc === '') return MALFORMED_REFERER
  if (parts.scheme !== 'https') return INSECURE_REFERER
  if (trusted().hosts.some((host) => isSameDomain(parts.netloc, host))) return undefined
  if (isSameDomain(parts.netloc, expectedHost(request))) return undefined
  return `Referer checking failed - ${asUrl(parts)} does not match any trusted origins.`
}

/**
 * Why the page that a request comes from is not believed; undefined where it is.
 * Over http the Referer proves nothing, because anyone on the network can forge it.
 */
function problemWithOrigin(request: HttpRequest): string | undefined {
  const { origin } = request.req.headers
  if (origin === undefined) return request.isSecure() ? problemWithReferer(request) : undefined
  if (isTrustedOrigin(request, origin)) return undefined
  return `Origin checking failed - ${origin} does not match any trusted origins.`
}

// Judges whether a request that changes something was made by a page of ours, and answers the others with 403.

export type CsrfFailureView = View<{ reason: string }>

const log = getLogger('django.security.csrf')

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const FIELD = 'csrfmiddlewaretoken'

const FAILURE_VIEW: Requirement<CsrfFailureView> = {
  expected: 'a view: a function of (request, { reason })',
  accepts: (value): value is CsrfFailureView => typeof value === 'function' && value.length <= 2 && !isClass(value),
}

/** The view that CSRF_FAILURE_VIEW names, or the error of loading it: a project without CSRF checks needs none. */
export const findFailureView = loadedFromSettings(
  'CSRF_FAILURE_VIEW',
  async (): Promise<{ readonly view: CsrfFailureView } | { readonly error: unknown }> => {
    try {
      return { view: await loadNamed('CSRF_FAILURE_VIEW', settings.CSRF_FAILURE_VIEW, FAILURE_VIEW) }
    } catch (error) {
      return { error }
    }
  },
)

/** @throws ImproperlyConfigured if CSRF_FAILURE_VIEW names no such view */
function failureView(): CsrfFailureView {
  const found = findFailureView()
  if ('error' in found) throw found.error
  return found.view
}

const unchecked = new WeakSet<IncomingMessage>()

/** Has a request accepted without a token. For test clients, before they hand it to the application. */
export function skipCsrfCheck(req: IncomingMessage): void {
  unchecked.add(req)
}

/** CSRF_HEADER_NAME, which has META's spelling, as a header's name: `X-Csrftoken`. */
function headerName(): string {
  const words = settings.CSRF_HEADER_NAME.replace(/^HTTP_/, '').split(/[_-]/)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('-')
}

/** The form's field; empty where there is none. A body that is no form stays unread, for the view to take as it comes. */
async function sentField(request: HttpRequest): Promise<string> {
  if (request.method !== 'POST' || !isReadBeforeView(request)) return ''
  await request.read()
  return request.POST.get(FIELD) ?? ''
}

async function problemWithToken(request: HttpRequest): Promise<string | undefined> {
  await loadSessionForCsrf(request)
  const { secret, problem } = sentSecret(request)
  if (problem !== undefined) return `CSRF cookie ${problem}.`
  if (secret === undefined) return 'CSRF cookie not set.'
  const field = await sentField(request)
  const token = field === '' ? request.get(headerName()) : field
  if (token === '') return 'CSRF token missing.'
  const source = field === '' ? `the '${headerName()}' HTTP header` : 'POST'
  const wrong = formatProblem(token) ?? (tokenMatches(token, secret) ? undefined : 'incorrect')
  return wrong === undefined ? undefined : `CSRF token from ${source} ${wrong}.`
}

/** Why a request is refused, in Django's words; undefined where it is accepted. */
async function csrfProblem(request: HttpRequest): Promise<string | undefined> {
  const state = csrfStateOf(request)
  if (state.isChecked) return undefined
  const needsNone = SAFE_METHODS.has(request.method) || unchecked.has(request.req)
  const problem = needsNone ? undefined : (problemWithOrigin(request) ?? (await problemWithToken(request)))
  state.isChecked = problem === undefined
  return problem
}

/** The answer to a request that is refused. */
async function refuse(request: HttpRequest, reason: string, view: CsrfFailureView): Promise<HttpResponseBase> {
  if (reason.startsWith('Origin')) hintAtProxy(request, `A form of this site was refused: ${reason}`)
  const answer = await view(request, { reason })
  log.warning(`Forbidden (${reason}): ${pathForLog(request)}`)
  markAsLogged(request)
  return answer
}

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

// CSRF protection view by view: for those that need another than the middleware gives.

/** Marks a view that accepts requests from any site. They carry the visitor's cookies, whichever site made them. */
export const csrfExempt = <V extends View>(view: V): V => wrapView(view, { csrfExempt: true })

async function around(
  request: HttpRequest,
  answer: () => HttpResponseBase | Promise<HttpResponseBase>,
): Promise<HttpResponseBase> {
  beginCsrf(request)
  const response = await answer()
  sendSecret(request, response)
  return response
}

/** Protects a view, with the middleware or without. */
export const csrfProtect = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) =>
    around(request, async () => {
      const reason = await csrfProblem(request)
      return reason === undefined ? view(request, params) : refuse(request, reason, failureView())
    }),
  )

/** Lets a view's template have `{% csrf_token %}` without the middleware. It rejects no request: for error pages. */
export const requiresCsrfToken = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) => around(request, () => view(request, params)))

/** Sends the CSRF cookie with a view's answer whether its template has a form or not: for pages whose scripts post. */
export const ensureCsrfCookie = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) =>
    around(request, () => {
      getToken(request)
      return view(request, params)
    }),
  )

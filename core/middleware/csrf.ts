/** CSRF protection: the middleware, the checks of Origin, Referer and token, and view decorators. */
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

// The check of the request's origin: by the Origin header, or else by Referer.

// Django's messages, which can be searched for.
const NO_REFERER = 'Referer checking failed - no Referer.'
const MALFORMED_REFERER = 'Referer checking failed - Referer is malformed.'
const INSECURE_REFERER = 'Referer checking failed - Referer is insecure while host is secure.'

/** CSRF_TRUSTED_ORIGINS, parsed once. */
const trusted = cachedFromSettings(() => {
  const origins = settings.CSRF_TRUSTED_ORIGINS
  const patterns = origins.map((origin) => {
    const { scheme = '', netloc = '' } = splitUrl(origin) ?? {}
    // `https://*.example.com` becomes `.example.com`, which matches the domain and its subdomains.
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

/** The host and port that a Referer must have if it is not a trusted one. */
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
 * Why the origin of a request is rejected; undefined if it is accepted. Over http the Referer is not checked: anyone on
 * the network can forge it.
 */
function problemWithOrigin(request: HttpRequest): string | undefined {
  const { origin } = request.req.headers
  if (origin === undefined) return request.isSecure() ? problemWithReferer(request) : undefined
  if (isTrustedOrigin(request, origin)) return undefined
  return `Origin checking failed - ${origin} does not match any trusted origins.`
}

// The check of unsafe requests, and the 403 response to those that fail it.

export type CsrfFailureView = View<{ reason: string }>

const log = getLogger('django.security.csrf')

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])
const FIELD = 'csrfmiddlewaretoken'

const FAILURE_VIEW: Requirement<CsrfFailureView> = {
  expected: 'a view: a function of (request, { reason })',
  accepts: (value): value is CsrfFailureView => typeof value === 'function' && value.length <= 2 && !isClass(value),
}

/** The view that CSRF_FAILURE_VIEW names, or the error of loading it: projects without CSRF checks need no view. */
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

/** @throws ImproperlyConfigured if CSRF_FAILURE_VIEW does not name a view */
function failureView(): CsrfFailureView {
  const found = findFailureView()
  if ('error' in found) throw found.error
  return found.view
}

const unchecked = new WeakSet<IncomingMessage>()

/** Accepts a request without a token. Called by test clients before they pass it to the application. */
export function skipCsrfCheck(req: IncomingMessage): void {
  unchecked.add(req)
}

/** The header name for CSRF_HEADER_NAME, which is spelled as in META: `X-Csrftoken` for `HTTP_X_CSRFTOKEN`. */
function headerName(): string {
  const words = settings.CSRF_HEADER_NAME.replace(/^HTTP_/, '').split(/[_-]/)
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase()).join('-')
}

/** The token of the form; empty if there is none. Other bodies are left unread, so that the view can stream them. */
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

/** Why a request is rejected, as Django's message; undefined if it is accepted. */
async function csrfProblem(request: HttpRequest): Promise<string | undefined> {
  const state = csrfStateOf(request)
  if (state.isChecked) return undefined
  const needsNone = SAFE_METHODS.has(request.method) || unchecked.has(request.req)
  const problem = needsNone ? undefined : (problemWithOrigin(request) ?? (await problemWithToken(request)))
  state.isChecked = problem === undefined
  return problem
}

/** The response to a rejected request. */
async function refuse(request: HttpRequest, reason: string, view: CsrfFailureView): Promise<HttpResponseBase> {
  if (reason.startsWith('Origin')) hintAtProxy(request, `A form of this site was refused: ${reason}`)
  const response = await view(request, { reason })
  log.warning(`Forbidden (${reason}): ${pathForLog(request)}`)
  markAsLogged(request)
  return response
}

/** Whether a Koa middleware from npm, such as a router, follows: it may respond without a view. */
function othersMayRespond(): boolean {
  const at = settings.MIDDLEWARE.findIndex(
    (entry) => typeof entry === 'string' && canonicalName(entry) === 'core.middleware.csrf.CsrfViewMiddleware',
  )
  return settings.MIDDLEWARE.slice(at + 1).some((entry) => typeof entry === 'function' || !entry.includes('.'))
}

/** The middleware for MIDDLEWARE. */
export function CsrfViewMiddleware(): Middleware {
  const onFailure = failureView()
  const checksUnresolved = othersMayRespond()
  const mustCheck = ({ resolverMatch }: HttpRequest): boolean =>
    resolverMatch === undefined ? checksUnresolved : resolverMatch.func.csrfExempt !== true
  return async function csrf({ request, response }, next) {
    beginCsrf(request)
    const reason = mustCheck(request) ? await csrfProblem(request) : undefined
    try {
      if (reason === undefined) await next()
      else applyResponse(await refuse(request, reason, onFailure), response)
    } finally {
      // Also if an inner middleware threw: a login may have changed the secret.
      if (!response.headerSent) sendSecret(request, response)
    }
  }
}

// Decorators that change CSRF protection for single views.

/** Exempts a view, so that it accepts requests from any site. Such requests carry the user's cookies too. */
export const csrfExempt = <V extends View>(view: V): V => wrapView(view, { csrfExempt: true })

async function withCsrf(
  request: HttpRequest,
  respond: () => HttpResponseBase | Promise<HttpResponseBase>,
): Promise<HttpResponseBase> {
  beginCsrf(request)
  const response = await respond()
  sendSecret(request, response)
  return response
}

/** Protects a view even without the middleware. */
export const csrfProtect = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) =>
    withCsrf(request, async () => {
      const reason = await csrfProblem(request)
      return reason === undefined ? view(request, params) : refuse(request, reason, failureView())
    }),
  )

/** Makes `{% csrf_token %}` work without the middleware. Rejects no request. For error pages. */
export const requiresCsrfToken = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) => withCsrf(request, () => view(request, params)))

/** Always sends the CSRF cookie with a view's response. For pages whose scripts send POST requests. */
export const ensureCsrfCookie = <V extends View>(view: V): V =>
  wrapView(view, {}, (request, params) =>
    withCsrf(request, () => {
      getToken(request)
      return view(request, params)
    }),
  )

/** The views of the site for the tests of core/middleware. */
import {
  type HttpRequest,
  HttpResponse,
  HttpResponseForbidden,
  HttpResponseNotFound,
  JsonResponse,
  StreamingHttpResponse,
  type View,
} from '#core/http'
import {
  cspOverride,
  cspReportOnlyOverride,
  csrfExempt,
  csrfProtect,
  ensureCsrfCookie,
  getToken,
  noAppendSlash,
  requiresCsrfToken,
  rotateToken,
  xframeOptionsDeny,
  xframeOptionsExempt,
  xframeOptionsSameorigin,
} from '#core/middleware'
import { renderToString } from '#core/template'
import { path } from '#core/urls'

const plain: View<object> = () => new HttpResponse('plain')

/** Its template has a form with a token. */
const form: View<object> = (request) => new HttpResponse(renderToString('form.html', {}, request))

/** Its template uses the nonce. */
const script: View<object> = (request) => new HttpResponse(renderToString('script.html', {}, request))

const twoTokens: View<object> = (request) => new JsonResponse([getToken(request), getToken(request)])

const rotating: View<object> = (request) => {
  rotateToken(request)
  return new HttpResponse('another secret')
}

const raw: View<object> = async (request) => {
  let size = 0
  for await (const chunk of request.req) size += (chunk as Buffer).length
  return new JsonResponse({ size })
}

const sessionItem: View<object> = (request) => {
  request.session.visits = 1
  return new HttpResponse('kept')
}

const long = 'A text that is worth compressing, since it says the same thing again. '.repeat(40)

/** The content and headers given in the query string. */
function made(request: HttpRequest): HttpResponse {
  const { body = long, status = '200', ...headers } = Object.fromEntries(request.GET)
  return new HttpResponse(body, { status: Number(status), headers })
}

async function* pieces(): AsyncGenerator<string> {
  for (let i = 0; i < 20; i++) yield `piece ${i} ${long}`
}

async function* broken(): AsyncGenerator<string> {
  yield long
  throw new Error('The source failed.')
}

/** A custom page for a refused request. */
export const ownFailure: View<{ reason: string }> = (_request, { reason }) =>
  new HttpResponseForbidden(`own: ${reason}`)

export const takesTooMuch = (_request: unknown, _reason: unknown, _more: unknown): void => {}

export const urlpatterns = [
  path('', plain),
  path('with/', plain),
  path('without', plain),
  path('catalog/<int:pk>/', plain),
  path('either', () => new HttpResponseNotFound()),
  path('either/', plain),
  path('no-slash/', noAppendSlash(plain)),
  path('form/', form),
  path('script/', script),
  path('exempt/', csrfExempt(plain)),
  path('protected/', csrfProtect(plain)),
  path('protected-form/', csrfProtect(form)),
  path('token-only/', requiresCsrfToken(form)),
  path('ensured/', ensureCsrfCookie(plain)),
  path('two-tokens/', twoTokens),
  path('rotating/', rotating),
  path('raw/', raw),
  path('session/', sessionItem),
  path('made/', made),
  path('stream/', () => new StreamingHttpResponse(pieces())),
  path('broken-stream/', () => new StreamingHttpResponse(broken())),
  path('framed/', xframeOptionsExempt(plain)),
  path('framed-here/', xframeOptionsSameorigin(plain)),
  path('never-framed/', xframeOptionsDeny(plain)),
  path('own-policy/', cspOverride({ 'default-src': ["'none'"] })(plain)),
  path('no-policy/', cspOverride({})(cspReportOnlyOverride({})(plain))),
  path('failing/', () => {
    throw new Error('The view failed.')
  }),
]

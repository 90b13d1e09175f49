/** The page for a request that CSRF protection has rejected: the project's 403_csrf.html, or a plain default. */
import { settings } from '#core/conf'
import { type HttpRequest, HttpResponse } from '#core/http'
import { html, renderToString, TemplateDoesNotExist } from '#core/template'

const TEMPLATE = '403_csrf.html'

const MAIN = 'CSRF verification failed. Request aborted.'
const MORE = 'More information is available with DEBUG=True.'
const NO_REFERER =
  'This site is served over https, and then a form is accepted only with the address of the page that it stood on (the' +
  ' Referer header). Your browser sent none. Browser settings or extensions that hide it can make an exception for this site.'
const NO_COOKIE =
  'Forms of this site are accepted only together with a cookie that the page with the form has set. Your browser did' +
  ' not send it. Cookies must be allowed, at least for this site.'

/** Advice for the user, for the two reasons that depend on browser settings. */
function adviceFor(reason: string): string {
  if (reason.endsWith('no Referer.')) return NO_REFERER
  return reason === 'CSRF cookie not set.' ? NO_COOKIE : ''
}

const HELP = html`
  <h2>Help</h2>
  <p>In general, this happens when another site sends a form to this one, or when the pages and the settings do not fit:</p>
  <ul>
    <li>A form that posts to this site has <code>{% csrf_token %}</code> inside its <code>&lt;form&gt;</code>.</li>
    <li>Its template is rendered with the request: <code>render(request, 'page.html', context)</code>.</li>
    <li>Without CsrfViewMiddleware, both the view that shows the form and the one that takes it are wrapped in <code>csrfProtect</code>.</li>
    <li>The token changes at login: a page from before must be loaded again.</li>
    <li>Behind a proxy with https, <code>SECURE_PROXY_SSL_HEADER</code> is set; other sites that may post here are in <code>CSRF_TRUSTED_ORIGINS</code>.</li>
  </ul>
  <p>You see this part of the page because <code>DEBUG</code> is on.</p>
`

function plainPage(reason: string): string {
  const details = settings.DEBUG
    ? html`<h2>Reason given for failure:</h2><pre>${reason}</pre>${HELP}`
    : html`<p><small>${MORE}</small></p>`
  return html`<!doctype html>
<html lang="en">
<head>
  <meta name="robots" content="NONE,NOARCHIVE">
  <title>403 Forbidden</title>
</head>
<body>
  <h1>Forbidden <span>(403)</span></h1>
  <p>${MAIN}</p>
  <p>${adviceFor(reason)}</p>
  ${details}
</body>
</html>
`.toString()
}

/** The context of 403_csrf.html, with Django's names. */
function contextFor(reason: string): Record<string, unknown> {
  return {
    title: 'Forbidden',
    main: MAIN,
    reason,
    no_referer: adviceFor(reason) === NO_REFERER,
    no_referer1: NO_REFERER,
    no_cookie: adviceFor(reason) === NO_COOKIE,
    no_cookie1: NO_COOKIE,
    DEBUG: settings.DEBUG,
    more: MORE,
  }
}

function pageFor(reason: string): string {
  try {
    return renderToString(TEMPLATE, contextFor(reason))
  } catch (error) {
    if (error instanceof TemplateDoesNotExist && error.template === TEMPLATE) return plainPage(reason)
    throw error
  }
}

/** The default of CSRF_FAILURE_VIEW. */
export function csrfFailure(_request: HttpRequest, { reason = '' }: { readonly reason?: string } = {}): HttpResponse {
  return new HttpResponse(pageFor(reason), { status: 403 })
}

// Django's name, for a CSRF_FAILURE_VIEW that is copied from a Django project.
export { csrfFailure as csrf_failure }

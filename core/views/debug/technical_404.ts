/** The technical 404 page under DEBUG: which URL patterns were tried, or which view raised the error. */
import { settings } from '#core/conf'
import type { HttpRequest, HttpResponse } from '#core/http'
import { html, type SafeString } from '#core/template'
import { acceptsHtml, assertDebug, pageResponse, textResponse } from './page.ts'
import { shownUrl } from './request_info.ts'

/** An entry of urlpatterns that did not match. */
interface TriedEntry {
  describe(): string
}

/** A 404. `tried` is set if no pattern matched, and absent if a view threw the error. */
export interface NotFound {
  readonly message: string
  readonly path?: string
  /** The entries from the outermost include to the pattern, for each pattern that was tried. */
  readonly tried?: readonly (readonly TriedEntry[])[]
}

function rows(request: HttpRequest, isResolved: boolean): [name: string, value: string][] {
  const view = request.resolverMatch?.viewName
  const raisedBy: [string, string][] = isResolved && view !== undefined ? [['Raised by', view]] : []
  return [['Request Method', request.method], ['Request URL', shownUrl(request)], ...raisedBy]
}

/** The tried patterns, one per line, and the reason for the 404. */
function explanation({ tried, path, message }: NotFound): { intro: string; patterns: string[]; end: string } {
  if (tried === undefined) return { intro: '', patterns: [], end: message }
  const patterns = tried.map((way) => way.map((entry) => entry.describe()).join(' '))
  const current =
    path === undefined || path === '' || path === '/'
      ? 'The empty path'
      : `The current path, ${path.replace(/^\//, '')},`
  return {
    intro: `Using the URLconf defined in ${settings.ROOT_URLCONF}, Nuages tried these URL patterns, in this order:`,
    patterns,
    end:
      patterns.length === 0
        ? `${settings.ROOT_URLCONF} has no URL patterns yet.`
        : `${current} didn’t match any of these.`,
  }
}

const otherwise = 'a standard 404 page'

function htmlPage(request: HttpRequest, error: NotFound): HttpResponse {
  const { intro, patterns, end } = explanation(error)
  const head = html`<h1>Page not found <small>(404)</small></h1>
<p class="message">${error.tried === undefined && error.message}</p>
<table>${rows(request, error.tried === undefined).map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>\n`)}</table>`
  const list: SafeString | false =
    patterns.length > 0 && html`<ol class="tried">${patterns.map((pattern) => html`<li>${pattern}</li>\n`)}</ol>`
  const body = html`<p>${intro}</p>${list}<p>${error.tried !== undefined && end}</p>`
  return pageResponse(request, 404, { title: `Page not found at ${request.path}`, head, body, otherwise })
}

function textPage(request: HttpRequest, error: NotFound): HttpResponse {
  const { intro, patterns, end } = explanation(error)
  const lines = [
    'Page not found (404)',
    ...rows(request, error.tried === undefined).map(([name, value]) => `${name}: ${value}`),
    '',
    ...(intro === '' ? [] : [intro, ...patterns.map((pattern, i) => `  ${i + 1}. ${pattern}`)]),
    end,
    '',
    'You’re seeing this because you have DEBUG: true in your settings file.',
    `Change that to false, and the site will show ${otherwise}.`,
    '',
  ]
  return textResponse(request, 404, lines.join('\n'))
}

/**
 * The technical 404 page, in HTML, or in plain text for a client that does not accept HTML.
 * @throws ImproperlyConfigured outside DEBUG
 */
export function technical404(request: HttpRequest, error: NotFound): HttpResponse {
  assertDebug()
  return acceptsHtml(request) ? htmlPage(request, error) : textPage(request, error)
}

/** Built-in views: default error pages, technical pages under DEBUG, and files in development. */
import { STATUS_CODES } from 'node:http'
import { TooManyRequests, UnsupportedMediaType } from '#core/exceptions'
import { type HttpRequest, HttpResponse } from '#core/http'
import { html, renderToString, TemplateDoesNotExist } from '#core/template'
import { getLogger } from '#core/utils'

export { technical404 } from './debug/technical_404.ts'
export { technical500 } from './debug/technical_500.ts'
export { serveStatic, type ServeStaticParams } from './static.ts'

// Titles and details are Django's.
const PAGES: Readonly<Record<number, readonly [title: string, details: string]>> = {
  400: ['Bad Request (400)', ''],
  403: ['403 Forbidden', ''],
  404: ['Not Found', 'The requested resource was not found on this server.'],
  500: ['Server Error (500)', ''],
}

function tinyPage(status: number, error: unknown): string {
  const shown = error instanceof UnsupportedMediaType ? 415 : status
  const usual = PAGES[shown] ?? [`${STATUS_CODES[shown] ?? 'Error'} (${shown})`, '']
  const title = usual[0]
  const details = error instanceof TooManyRequests ? error.message : usual[1]
  return html`<!doctype html>
<html lang="en">
<head>
  <title>${title}</title>
</head>
<body>
  <h1>${title}</h1><p>${details}</p>
</body>
</html>
`.toString()
}

/** The context of an error page. It reveals nothing about server errors and bad requests. */
function contextFor(status: number, request: HttpRequest, error: unknown): Record<string, unknown> {
  if (error instanceof TooManyRequests) return { exception: error.message, retry_after: error.retryAfter }
  if (status !== 403 && status !== 404) return {}
  const message = error instanceof Error ? error.message : ''
  // The URL patterns of the site are not revealed.
  const exception = error !== null && typeof error === 'object' && 'tried' in error ? 'Resolver404' : message
  return status === 403 ? { exception } : { exception, request_path: request.path }
}

/**
 * The page for a status: the project's template `<status>.html`, or a minimal default. Never throws: an error in the
 * template is logged, and the default page is returned.
 */
export function defaultErrorPage(status: number, request: HttpRequest, error?: unknown): HttpResponse {
  const isOurs = status !== 403 && status !== 404
  try {
    // As in Django, pages for 400 and 500 are rendered without the request, which may have caused the error.
    const page = renderToString(`${status}.html`, contextFor(status, request, error), isOurs ? undefined : request)
    return new HttpResponse(page, { status })
  } catch (failure) {
    if (!(failure instanceof TemplateDoesNotExist && failure.template === `${status}.html`)) {
      getLogger('django.request').error(`The template ${status}.html cannot be rendered.`, failure)
    }
    return new HttpResponse(tinyPage(status, error), { status })
  }
}

/** `render`: a template as a response. */
import { type HttpRequest, HttpResponse } from '#core/http'
import { renderToString } from '#core/template'

export interface RenderOptions {
  /** The whole Content-Type; `text/html` with the charset when absent. */
  readonly contentType?: string
  readonly status?: number
  /** Name of the template engine, where only one of several is meant. */
  readonly using?: string
}

/**
 * Answers with a rendered template.
 * @param template its name, or several of which the first that exists is taken
 * @throws TemplateDoesNotExist with every place that was tried
 */
export function render(
  request: HttpRequest,
  template: string | readonly string[],
  context: Record<string, unknown> = {},
  { contentType, status, using }: RenderOptions = {},
): HttpResponse {
  return new HttpResponse(renderToString(template, context, request, using), { contentType, status })
}

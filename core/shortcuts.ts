/** Shortcuts for views: `render` a template, `redirect` somewhere, get an object or answer 404. */
import { Http404 } from '#core/exceptions'
import {
  type HttpRequest,
  HttpResponse,
  HttpResponsePermanentRedirect,
  HttpResponseRedirect,
  type View,
} from '#core/http'
import { NoReverseMatch, reverse, type ReverseOptions } from '#core/urls'
import { renderToString } from '#core/template'

// What a query found, or a 404.

type Awaitable<T> = T | PromiseLike<T>

/** A query for one object found several. */
export class MultipleObjectsReturned extends Error {
  override readonly name = 'MultipleObjectsReturned'
}

/**
 * The one object that was found: a value, a promise of one, or a query that can be awaited
 * (`getObjectOr404(connection('polls').where({ id }).first())`). Of a list its one entry.
 * @param message what the 404 page says under DEBUG
 * @throws Http404 when nothing was found, MultipleObjectsReturned for a list of several
 */
export function getObjectOr404<T>(found: Awaitable<readonly T[]>, message?: string): Promise<T>
export function getObjectOr404<T>(found: Awaitable<T | null | undefined>, message?: string): Promise<T & {}>
export async function getObjectOr404(found: unknown, message = 'No object matches the given query.'): Promise<unknown> {
  const value = await found
  const several: unknown[] = Array.isArray(value) ? value : [value]
  if (several.length > 1) {
    throw new MultipleObjectsReturned(`getObjectOr404() wants one object, but the query found ${several.length}.`)
  }
  const [object] = several
  if (object === undefined || object === null) throw new Http404(message)
  return object
}

/**
 * The objects that were found, at least one: a list, a promise of one, or a query that can be awaited.
 * @throws Http404 when the list is empty
 */
export async function getListOr404<T>(
  found: Awaitable<Iterable<T>>,
  message = 'No object matches the given query.',
): Promise<T[]> {
  const list = Array.from(await found)
  if (list.length === 0) throw new Http404(message)
  return list
}

// `redirect`: sends the client to a URL, to the URL of a view, or to an object's own page.

/** Something that has a page of its own. */
interface HasPage {
  getAbsoluteUrl(): string
}

/** A URL, the name of a URL pattern, a view, or an object with `getAbsoluteUrl()`. */
export type RedirectTarget = string | HasPage | View

export interface RedirectToOptions extends ReverseOptions {
  /** Says that the new address is for ever: 301 for 302. */
  readonly permanent?: boolean
  /** Makes the client repeat method and body at the new address: 307 for 302, 308 for 301. */
  readonly preserveRequest?: boolean
}

const hasPage = (to: RedirectTarget): to is HasPage => typeof to === 'object' && typeof to.getAbsoluteUrl === 'function'

/**
 * The URL that a target means.
 * @param options arguments for the URL, where the target is a name or a view
 * @throws NoReverseMatch for a view or a name that leads nowhere; a text with a slash or a dot is taken for a URL
 */
export function resolveUrl(to: RedirectTarget, options: ReverseOptions = {}): string {
  if (hasPage(to)) return to.getAbsoluteUrl()
  if (typeof to === 'string' && /^(\/|\.\.?\/)/.test(to)) return to
  try {
    return reverse(to, options)
  } catch (error) {
    if (!(error instanceof NoReverseMatch) || typeof to !== 'string' || !/[/.]/.test(to)) throw error
    return to
  }
}

/**
 * Redirects to a URL, to a view by its name (`redirect('polls:detail', { args: [5] })`), or to an object's page.
 * @throws NoReverseMatch as resolveUrl(), DisallowedRedirect for a scheme such as `javascript`
 */
export function redirect(
  to: RedirectTarget,
  { permanent = false, preserveRequest = false, ...options }: RedirectToOptions = {},
): HttpResponseRedirect | HttpResponsePermanentRedirect {
  const Response = permanent ? HttpResponsePermanentRedirect : HttpResponseRedirect
  return new Response(resolveUrl(to, options), { preserveRequest })
}

// `render`: a template as a response.

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

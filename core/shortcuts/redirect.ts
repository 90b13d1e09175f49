/** `redirect`: sends the client to a URL, to the URL of a view, or to an object's own page. */
import { HttpResponsePermanentRedirect, HttpResponseRedirect, type View } from '#core/http'
import { NoReverseMatch, reverse, type ReverseOptions } from '#core/urls'

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

/** Responses that are named after their status, redirects included. */
import { type Content, HttpResponse, type ResponseOptions } from './response.ts'
import { DisallowedRedirect } from '#core/exceptions'
import { iriToUri, splitUrl } from '#core/web'

export class HttpResponseNotModified extends HttpResponse {
  constructor(options: ResponseOptions = {}) {
    super('', options, 304)
    this.headers.delete('Content-Type')
  }
}

export class HttpResponseBadRequest extends HttpResponse {
  constructor(content: Content = '', options: ResponseOptions = {}) {
    super(content, options, 400)
  }
}

export class HttpResponseForbidden extends HttpResponse {
  constructor(content: Content = '', options: ResponseOptions = {}) {
    super(content, options, 403)
  }
}

export class HttpResponseNotFound extends HttpResponse {
  constructor(content: Content = '', options: ResponseOptions = {}) {
    super(content, options, 404)
  }
}

export class HttpResponseNotAllowed extends HttpResponse {
  /** @param permittedMethods the methods that the URL supports */
  constructor(permittedMethods: readonly string[], content: Content = '', options: ResponseOptions = {}) {
    super(content, options, 405)
    this.headers.set('Allow', permittedMethods.join(', '))
  }
}

export class HttpResponseGone extends HttpResponse {
  constructor(content: Content = '', options: ResponseOptions = {}) {
    super(content, options, 410)
  }
}

export class HttpResponseServerError extends HttpResponse {
  constructor(content: Content = '', options: ResponseOptions = {}) {
    super(content, options, 500)
  }
}

const ALLOWED_SCHEMES: readonly string[] = ['http', 'https', 'ftp']

/** Maximum length of a redirect URL in characters. */
const MAX_REDIRECT_LENGTH = 16_384

export interface RedirectOptions extends ResponseOptions {
  /** Makes the client repeat the method and the body: 307 instead of 302, 308 instead of 301. */
  readonly preserveRequest?: boolean
}

/** A redirect to a URL with a safe scheme. */
abstract class HttpResponseRedirectBase extends HttpResponse {
  /** @throws DisallowedRedirect for a URL that is too long, malformed, or has a scheme such as `javascript` */
  constructor(to: string, options: RedirectOptions, status: number) {
    super('', options, status)
    if (to.length > MAX_REDIRECT_LENGTH) {
      throw new DisallowedRedirect(`Unsafe redirect exceeding ${MAX_REDIRECT_LENGTH} characters`)
    }
    const parts = splitUrl(to)
    if (parts === undefined) throw new DisallowedRedirect('Unsafe redirect to a URL with a malformed host')
    if (parts.scheme !== '' && !ALLOWED_SCHEMES.includes(parts.scheme)) {
      throw new DisallowedRedirect(`Unsafe redirect to URL with protocol '${parts.scheme}'`)
    }
    this.headers.set('Location', iriToUri(to))
  }

  /** The URL, as sent. */
  get url(): string {
    return this.headers.get('Location') as string
  }
}

export class HttpResponseRedirect extends HttpResponseRedirectBase {
  constructor(to: string, options: RedirectOptions = {}) {
    super(to, options, options.preserveRequest ? 307 : 302)
  }
}

export class HttpResponsePermanentRedirect extends HttpResponseRedirectBase {
  constructor(to: string, options: RedirectOptions = {}) {
    super(to, options, options.preserveRequest ? 308 : 301)
  }
}

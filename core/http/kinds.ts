/** Answers whose name says their status. */
import { HttpResponse, type Content, type ResponseOptions } from './response.ts'

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
  /** @param permittedMethods the methods that the address does answer */
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

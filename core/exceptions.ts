/** Errors that any module may throw and catch. Handlers turn some of them into responses. */

class NamedError extends Error {
  constructor(message?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** The project is set up wrongly: a setting, a missing module, a missing folder. The message says where and what now. */
export class ImproperlyConfigured extends NamedError {}

/** A middleware factory throws this to be left out of the chain. */
export class MiddlewareNotUsed extends NamedError {}

/** Nothing is at this address. Becomes a 404 response. */
export class Http404 extends NamedError {}

/** The user may not do this. Becomes a 403 response. */
export class PermissionDenied extends NamedError {}

/** The request cannot be understood. Becomes a 400 response. */
export class BadRequest extends NamedError {}

/** The body is of a type that is not accepted here. Becomes a 415 response. */
export class UnsupportedMediaType extends BadRequest {}

/** The client did something that no honest client does. Becomes a 400 response, logged on `django.security.<name>`. */
export class SuspiciousOperation extends NamedError {}

/** The Host header is invalid or not in ALLOWED_HOSTS. */
export class DisallowedHost extends SuspiciousOperation {}

/** A redirect to a scheme that is not allowed. */
export class DisallowedRedirect extends SuspiciousOperation {}

/** The body, without file contents, is larger than DATA_UPLOAD_MAX_MEMORY_SIZE. */
export class RequestDataTooBig extends SuspiciousOperation {}

/** More GET or POST fields than DATA_UPLOAD_MAX_NUMBER_FIELDS. */
export class TooManyFieldsSent extends SuspiciousOperation {
  constructor(
    message = 'The number of GET/POST parameters exceeded settings.DATA_UPLOAD_MAX_NUMBER_FIELDS.',
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** More files than DATA_UPLOAD_MAX_NUMBER_FILES. */
export class TooManyFilesSent extends SuspiciousOperation {}

/**
 * A service that the answer needs (database, cache, session store) is down or too slow.
 * Becomes a 503 response with Retry-After.
 */
export class ServiceUnavailable extends NamedError {
  /** Seconds after which a client may try again. */
  readonly retryAfter: number

  constructor(message?: string, options: ErrorOptions & { retryAfter?: number } = {}) {
    super(message, options)
    this.retryAfter = options.retryAfter ?? 5
  }
}

/** The client has made too many requests of one kind, and has to wait. Becomes a 429 response with Retry-After. */
export class TooManyRequests extends NamedError {
  /** Seconds after which the client may try again. */
  readonly retryAfter: number

  /** @param message shown to the client */
  constructor(message: string, options: ErrorOptions & { retryAfter: number }) {
    super(message, options)
    this.retryAfter = options.retryAfter
  }
}

/** The name or value of an HTTP or mail header contains a line break or another control character. */
export class BadHeaderError extends Error {
  override readonly name = 'BadHeaderError'
}

/** A session was read before it was loaded: its engine cannot wait, and the view is marked `sessionExempt`. */
export class SessionNotLoaded extends Error {
  override readonly name = 'SessionNotLoaded'

  constructor() {
    super(
      'This session is not loaded: the view is marked sessionExempt, or the session was opened by hand.' +
        ' Call `await session.load()` first.',
    )
  }
}

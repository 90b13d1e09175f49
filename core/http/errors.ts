/** What can be wrong with a request or an answer, beside the errors that every room knows. */
import { BadRequest } from '#core/exceptions'

export {
  BadHeaderError,
  BadRequest,
  DisallowedHost,
  DisallowedRedirect,
  Http404,
  PermissionDenied,
  RequestDataTooBig,
  ServiceUnavailable,
  SuspiciousOperation,
  TooManyFieldsSent,
  TooManyFilesSent,
  TooManyRequests,
  UnsupportedMediaType,
} from '#core/exceptions'

/** A form body is not what its Content-Type says. Becomes a 400 response. */
export class MultiPartParserError extends BadRequest {}

/** The client went away before its whole body had come. */
export class UnreadablePostError extends BadRequest {}

/** A signed cookie was asked for, without a default, and did not come with the request. */
export class CookieMissing extends Error {
  override readonly name = 'CookieMissing'
}

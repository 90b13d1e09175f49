/** The status of the response to an error: of this project's own errors, of Koa's, and of middleware from npm. */
import { HttpError } from 'koa'
import {
  BadRequest,
  Http404,
  PermissionDenied,
  ServiceUnavailable,
  SuspiciousOperation,
  TooManyRequests,
  UnsupportedMediaType,
} from '#core/exceptions'
import { asError } from '#core/utils'
import { viewHasBegun } from './koa.ts'
import type { HttpRequest } from './request.ts'

/** The first class that matches counts. */
const STATUSES: readonly (readonly [abstract new (...args: never[]) => Error, number])[] = [
  [Http404, 404],
  [TooManyRequests, 429],
  [PermissionDenied, 403],
  [UnsupportedMediaType, 415],
  [BadRequest, 400],
  [SuspiciousOperation, 400],
  [ServiceUnavailable, 503],
]

/** Codes of multer for a body that is too large. */
const TOO_LARGE = /^LIMIT_(?:FILE_SIZE|FIELD_VALUE|FILE_COUNT|FIELD_COUNT|PART_COUNT)$/

/** Messages of busboy, which multer forwards without a code. */
const MALFORMED_FORM =
  /^(?:Unexpected end of (?:form|file)|Malformed (?:part header|content type|urlencoded form)|Multipart: Boundary not found|Missing Content-Type|Unsupported content type: .*|Request (?:aborted|closed))$/i

const isClientError = (status: unknown): status is number =>
  typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 500

/**
 * The status from 400 to 499 for an error of a middleware: from Koa's `status` or `statusCode`, from formidable's
 * `httpCode`, or by the errors of multer, busboy and zlib. Undefined if the error is not the client's.
 */
function clientErrorStatus(error: Error): number | undefined {
  const { status, statusCode, httpCode, code } = error as Error & Record<string, unknown>
  const given = [status, statusCode, httpCode].find(isClientError)
  if (given !== undefined) return given
  if (error.name === 'MulterError') return TOO_LARGE.test(String(code)) ? 413 : 400
  if (typeof code === 'string' && /^Z_(?:DATA|BUF|NEED_DICT)/.test(code)) return 400
  return MALFORMED_FORM.test(error.message) ? 400 : undefined
}

/** Whether an error brings its own status below 500: thrown by `ctx.throw(401)`, or by a middleware from npm. */
export function foreignStatus(request: HttpRequest, error: Error): number | undefined {
  if (error instanceof HttpError && error.status < 500) return error.status
  // Once the view has begun, the error is the view's, whose properties mean nothing.
  return viewHasBegun(request) ? undefined : clientErrorStatus(error)
}

/** The status of the response that an error will get. */
export function errorStatus(request: HttpRequest, thrown: unknown): number {
  const error = asError(thrown)
  const own = STATUSES.find(([type]) => error instanceof type)
  return own?.[1] ?? foreignStatus(request, error) ?? 500
}

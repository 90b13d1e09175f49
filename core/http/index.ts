/** HTTP: requests, responses, and helpers for headers and cookies. */
export {
  type Cookie,
  CookieError,
  type CookieOptions,
  type DeleteCookieOptions,
  parseCookies,
  urlHasAllowedHostAndScheme,
} from '#core/web'
export { acceptsOf, contentTypeOf, type FileType, fileTypeOf } from './content_types.ts'
export { applyResponse, responseClosed } from './koa_response.ts'
export { isReadBeforeView } from './body.ts'
export {
  addNeverCacheHeaders,
  type AnyResponse,
  type CacheDirectives,
  getMaxAge,
  hasVaryHeader,
  makePrivate,
  patchCacheControl,
  patchResponseHeaders,
  patchVaryHeaders,
} from './caching.ts'
export { addressBlock, type ClientAddress, clientAddressOf } from './client_address.ts'
export { CookieJar, type SetSignedCookieOptions } from './cookie_jar.ts'
export * from './headers.ts'
export { allowTestHost, hostForLinks, refuseSecondHost } from './host.ts'
export {
  HttpResponseBadRequest,
  HttpResponseForbidden,
  HttpResponseGone,
  HttpResponseNotAllowed,
  HttpResponseNotFound,
  HttpResponseNotModified,
  HttpResponsePermanentRedirect,
  HttpResponseRedirect,
  HttpResponseServerError,
  type RedirectOptions,
} from './status_responses.ts'
export { beginView, extendKoa, extendRequest, viewHasBegun } from './koa.ts'
export { errorStatus, foreignStatus } from './error_status.ts'
export { acceptTarget } from './request_target.ts'
export { type Content, HttpResponse, HttpResponseBase, JsonResponse, type ResponseOptions } from './response.ts'
export { FileResponse, type FileResponseOptions, type StreamingContent, StreamingHttpResponse } from './streaming.ts'
export { FileMap, UploadedFile } from './uploaded_file.ts'
export * from './request.ts'

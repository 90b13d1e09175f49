/** Reads the body of a request once, within the limits, and parses forms into fields and files. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { settings } from '#core/conf'
import { BadRequest, RequestDataTooBig, TooManyFieldsSent, UnsupportedMediaType } from '#core/exceptions'
import { UnreadablePostError } from './headers.ts'
import { MultipartReader } from './multipart.ts'
import { fieldsFrom, filesFrom, parsedBodyOf, rawBodyOf } from './other_parsers.ts'
import { type ReadBody, stateOf } from './request_state.ts'
import { FileMap } from './uploaded_file.ts'
import type { HttpRequest } from './request.ts'

const URLENCODED = 'application/x-www-form-urlencoded'
const MULTIPART = 'multipart/form-data'

const NOTHING = Buffer.alloc(0)

/** The media type of the body, lower case, without its parameters. */
function mediaType(req: IncomingMessage): string {
  const header = req.headers['content-type']
  if (header === undefined) return ''
  const semicolon = header.indexOf(';')
  return (semicolon < 0 ? header : header.slice(0, semicolon)).trim().toLowerCase()
}

export function hasBody({ headers }: IncomingMessage): boolean {
  const length = headers['content-length']
  return headers['transfer-encoding'] !== undefined || (length !== undefined && length !== '0')
}

const isJsonType = (type: string): boolean =>
  type === 'application/json' ||
  type === 'application/csp-report' ||
  (type.startsWith('application/') && type.endsWith('+json'))

export const isJson = ({ req }: HttpRequest): boolean => isJsonType(mediaType(req))

/** Whether the body has fields and files for POST and FILES: a form, sent with POST. */
export function isForm({ method, req }: HttpRequest): boolean {
  if (method !== 'POST') return false
  const type = mediaType(req)
  return type === URLENCODED || type === MULTIPART
}

/** Whether the body is read before the view is called: forms and JSON. */
export function isReadBeforeView(request: HttpRequest): boolean {
  if (!hasBody(request.req)) return false
  const type = mediaType(request.req)
  // As in Django, only POST is parsed. Whether an upload by PUT fits into memory is for the view to decide.
  if (type === MULTIPART) return request.method === 'POST'
  return type === URLENCODED || isJsonType(type)
}

/** The encoding for the charset of a Content-Type; undefined if it is absent or unknown. */
export function charsetIn(contentType: string): string | undefined {
  const label = /;\s*charset=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]
  if (label === undefined) return undefined
  if (/^utf[-_]?8$/i.test(label)) return 'utf-8'
  try {
    return new TextDecoder(label).encoding
  } catch {
    return undefined
  }
}

/**
 * Parses the fields of a query string or of a form body.
 * @throws TooManyFieldsSent over DATA_UPLOAD_MAX_NUMBER_FIELDS
 */
export function parseFields(encoded: string): URLSearchParams {
  const most = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
  if (most !== null) {
    let fields = 1
    for (let at = encoded.indexOf('&'); at >= 0; at = encoded.indexOf('&', at + 1)) fields++
    if (fields > most) {
      throw new TooManyFieldsSent()
    }
  }
  // URLSearchParams removes a leading question mark, which may belong to the first name.
  return new URLSearchParams(`?${encoded}`)
}

/** Reads all bytes of a body. After an error, the rest is discarded, so that the client can still receive the response. */
function collect(req: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const stop = (error?: Error): void => {
      req.off('data', take).off('end', stop).off('close', gone).off('error', gone)
      if (error === undefined) return resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks))
      req.resume()
      reject(error)
    }
    const take = (chunk: Buffer): void => {
      size += chunk.length
      if (size > most) stop(new RequestDataTooBig('Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.'))
      else chunks.push(chunk)
    }
    const gone = (): void => stop(new UnreadablePostError('The client disconnected before the body was complete.'))
    if (Number(req.headers['content-length']) > most) {
      return stop(new RequestDataTooBig('Request body exceeded settings.DATA_UPLOAD_MAX_MEMORY_SIZE.'))
    }
    if (req.destroyed) return gone()
    req.on('data', take).on('end', stop).on('close', gone).on('error', gone)
  })
}

function parseForm(bytes: Buffer, contentType: string): URLSearchParams {
  // As in Django, an unknown charset is ignored.
  if ((charsetIn(contentType) ?? 'utf-8') !== 'utf-8' || !isUtf8(bytes)) {
    throw new BadRequest(`HTTP requests with the '${URLENCODED}' content type must be UTF-8 encoded.`)
  }
  return parseFields(bytes.toString())
}

async function readMultipart(request: HttpRequest): Promise<ReadBody> {
  const reader = new MultipartReader()
  await reader.read(request.req)
  if (reader.hasTemporaryFiles) {
    const remove = (): void => void reader.removeTemporaryFiles().catch(() => {})
    if (request.res.closed || request.res.destroyed) remove()
    else request.res.once('close', remove)
  }
  return { bytes: undefined, post: reader.post, files: reader.files }
}

/** The body that a parser from npm has read. */
function parsedElsewhere(request: HttpRequest): ReadBody {
  const raw = rawBodyOf(request)
  const isUrlencoded = mediaType(request.req) === URLENCODED
  return {
    bytes: raw === undefined ? undefined : Buffer.from(raw),
    // The raw body is preferred: in a parsed object, `a=1&a=2` and `a[]=1&a[]=2` are the same.
    post: !isForm(request)
      ? new URLSearchParams()
      : isUrlencoded && raw !== undefined
        ? parseFields(raw)
        : fieldsFrom(parsedBodyOf(request)),
    files: isForm(request) ? filesFrom(request) : new FileMap(),
    isParsedElsewhere: true,
  }
}

async function readBytes(request: HttpRequest): Promise<ReadBody> {
  const bytes = await collect(request.req, settings.DATA_UPLOAD_MAX_MEMORY_SIZE ?? Number.POSITIVE_INFINITY)
  const post = isForm(request) ? parseForm(bytes, request.req.headers['content-type'] as string) : new URLSearchParams()
  return { bytes, post, files: new FileMap() }
}

/** Forms and JSON are not decompressed: a few bytes could become gigabytes. */
function refuseCompressed(request: HttpRequest): void {
  const encoding = (request.req.headers['content-encoding'] ?? '').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity' || !isReadBeforeView(request)) return
  request.req.resume()
  throw new UnsupportedMediaType('The body has a Content-Encoding, which is not accepted for forms and JSON.')
}

async function readAnyBody(request: HttpRequest): Promise<ReadBody> {
  const { req } = request
  // A parser that does not support the type assigns an empty object and does not read the body.
  if (req.readableDidRead) return parsedElsewhere(request)
  if (!hasBody(req)) return { bytes: NOTHING, post: new URLSearchParams(), files: new FileMap() }
  refuseCompressed(request)
  const isUpload = request.method === 'POST' && mediaType(req) === MULTIPART
  return isUpload ? readMultipart(request) : readBytes(request)
}

/** Reads the body on the first call. Later calls share its result, or its error. */
export async function readBody(request: HttpRequest): Promise<void> {
  const state = stateOf(request)
  state.body ??= await (state.reading ??= readAnyBody(request))
}
